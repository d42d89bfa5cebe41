package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.Plan;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bursts of datagrams arrive as they were sent, whether they leave the engine in super-frames or one by one. */
@EndToEnd
final class UdpBurstTest {
    private static final int PORT = 7_001;
    private static final int BURSTS = 30;
    /** A default socket buffer has room for them. */
    private static final int BURST = 50;

    private static final int WAIT_MS = 5_000;

    private static void start(NetworkRig rig, String io, boolean merging) throws Exception {
        Path config = DemoConfig.write(rig.network());
        String port = "    io: " + io + "\n    udpMerging: " + merging + "\n    rename:";
        Files.writeString(config, Files.readString(config).replace("    rename:", port));
        rig.startEngineWith(config).awaitReady(NetworkRig.READY_LIMIT);
    }

    @ParameterizedTest
    @CsvSource({"uring, true", "netty, true", "rw, true", "uring, false"})
    void shouldArriveAsTheyWereSent(String io, boolean merging) throws Exception {
        try (NetworkRig rig = NetworkRig.open()) {
            start(rig, io, merging);
            for (String host : List.of(Plan.host4(1, 2), Plan.host6(1, 2))) {
                try (DatagramSocket to = rig.network()
                                .backend(1)
                                .call(() -> new DatagramSocket(new InetSocketAddress(host, PORT)));
                        DatagramSocket from = rig.network().client().call(() -> new DatagramSocket())) {
                    to.setSoTimeout(WAIT_MS);
                    from.connect(InetAddress.getByName(host), PORT);
                    awaitRoute(from, to);
                    exchange(from, to, new Random(1));
                }
            }
        }
    }

    /** The first datagram waits for neighbors, or is lost while they are not ready. */
    private static void awaitRoute(DatagramSocket from, DatagramSocket to) throws Exception {
        to.setSoTimeout(200);
        DatagramPacket packet = new DatagramPacket(new byte[1], 1);
        boolean arrived = false;
        for (int attempt = 0; attempt < 100 && !arrived; attempt++) {
            from.send(packet);
            try {
                to.receive(packet);
                arrived = true;
            } catch (SocketTimeoutException e) {
                // not yet
            }
        }
        assertTrue(arrived);
        try {
            while (true) {
                to.receive(packet); // what was slow
            }
        } catch (SocketTimeoutException e) {
            to.setSoTimeout(WAIT_MS);
        }
    }

    private static void exchange(DatagramSocket from, DatagramSocket to, Random random) throws Exception {
        DatagramPacket received = new DatagramPacket(new byte[2_000], 2_000);
        for (int burst = 0; burst < BURSTS; burst++) {
            int size = 1 + random.nextInt(1_400);
            List<byte[]> payloads = new ArrayList<>();
            for (int i = 0; i < BURST; i++) {
                byte[] payload = new byte[random.nextInt(8) == 0 ? 1 + random.nextInt(1_400) : size];
                random.nextBytes(payload);
                payloads.add(payload);
                from.send(new DatagramPacket(payload, payload.length));
            }
            for (byte[] payload : payloads) {
                to.receive(received);
                assertArrayEquals(payload, Arrays.copyOf(received.getData(), received.getLength()), "burst " + burst);
                received.setLength(2_000);
            }
        }
    }
}
