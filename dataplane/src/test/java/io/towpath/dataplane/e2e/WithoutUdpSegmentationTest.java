package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.BulkStream;
import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import io.towpath.linux.LesserKernel;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine on a kernel before Linux 6.2: its TAPs take super-frames of TCP, but none of UDP. */
@EndToEnd
final class WithoutUdpSegmentationTest {
    private static final int PORT = 7_001;
    private static final int BURSTS = 20;
    /** A default socket buffer has room for them. */
    private static final int BURST = 50;

    private static final int WAIT_MS = 5_000;
    private static final int LARGEST_FRAME_WITHOUT_OFFLOAD = 1_514;

    private record Received(long bytes, long frames) {
        /** Of all devices of a namespace. */
        static Received in(Namespace namespace) throws Exception {
            List<String> lines = namespace.call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/dev")));
            long[] sums = new long[2];
            for (String line : lines.subList(2, lines.size())) {
                String[] fields = line.substring(line.indexOf(':') + 1).strip().split(" +");
                sums[0] += Long.parseLong(fields[0]);
                sums[1] += Long.parseLong(fields[1]);
            }
            return new Received(sums[0], sums[1]);
        }

        Received since(Received before) {
            return new Received(bytes - before.bytes, frames - before.frames);
        }
    }

    private static List<String> command(NetworkRig rig, String io) throws Exception {
        Path config = DemoConfig.write(rig.network());
        Files.writeString(config, Files.readString(config).replace("    rename:", "    io: " + io + "\n    rename:"));
        return LesserKernel.withoutUdpSegmentation(EngineProcess.command(
                "run",
                "--config",
                config.toString(),
                "--manifests",
                rig.manifests().toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "netty", "rw"})
    void shouldSaySoOnceAndSendDatagramsOneByOneAndStreamsInSuperFrames(String io) throws Exception {
        try (NetworkRig rig = NetworkRig.open();
                EngineProcess engine =
                        EngineProcess.start(command(rig, io), rig.folder().resolve("engine.log"))) {
            rig.startBackends();
            engine.awaitReady(NetworkRig.READY_LIMIT);

            streams(rig);
            datagrams(rig);

            assertEquals(0, engine.stop(), engine::logTail);
            try (Stream<String> log = Files.lines(rig.folder().resolve("engine.log"))) {
                assertEquals(
                        List.of(
                                "ports [client, backend1, backend2, backend3]: each UDP datagram leaves by itself, as the"
                                        + " kernel takes no super-frames of them (Linux 6.2 does)"),
                        log.filter(line -> line.startsWith("ports [")).toList());
            }
        }
    }

    private static void streams(NetworkRig rig) throws Exception {
        for (String vip : List.of(Plan.BULK_V4, Plan.BULK_V6)) {
            Received[] before = backends(rig);
            long bytes = BulkStream.send(rig.network().client(), new InetSocketAddress(vip, Plan.BULK_PORT), 1)
                    .bytes();
            Received[] after = backends(rig);
            Received taker = IntStream.range(0, after.length)
                    .mapToObj(i -> after[i].since(before[i]))
                    .filter(received -> received.bytes >= bytes)
                    .findFirst()
                    .orElseThrow();
            assertTrue(taker.bytes / taker.frames > 2 * LARGEST_FRAME_WITHOUT_OFFLOAD, taker::toString);
        }
    }

    private static Received[] backends(NetworkRig rig) throws Exception {
        Received[] received = new Received[Plan.BACKENDS];
        for (int i = 0; i < received.length; i++) {
            received[i] = Received.in(rig.network().backend(i + 1));
        }
        return received;
    }

    private static void datagrams(NetworkRig rig) throws Exception {
        for (String host : List.of(Plan.host4(1, 2), Plan.host6(1, 2))) {
            Namespace backend = rig.network().backend(1);
            try (DatagramSocket to = backend.call(() -> new DatagramSocket(new InetSocketAddress(host, PORT)));
                    DatagramSocket from = rig.network().client().call(() -> new DatagramSocket())) {
                to.setSoTimeout(WAIT_MS);
                from.connect(InetAddress.getByName(host), PORT);
                exchange(from, to, 1, 1); // the router learns where the backend is
                Received before = Received.in(backend);
                exchange(from, to, BURSTS, BURST);
                assertTrue(Received.in(backend).since(before).frames >= BURSTS * BURST);
            }
        }
    }

    private static void exchange(DatagramSocket from, DatagramSocket to, int bursts, int datagrams) throws Exception {
        DatagramPacket received = new DatagramPacket(new byte[2_000], 2_000);
        for (int burst = 0; burst < bursts; burst++) {
            for (int i = 0; i < datagrams; i++) {
                byte[] payload = {(byte) burst, (byte) i, 0};
                from.send(new DatagramPacket(payload, payload.length));
            }
            for (int i = 0; i < datagrams; i++) {
                received.setLength(2_000);
                to.receive(received);
                assertArrayEquals(
                        new byte[] {(byte) burst, (byte) i, 0},
                        Arrays.copyOf(received.getData(), received.getLength()));
            }
        }
    }
}
