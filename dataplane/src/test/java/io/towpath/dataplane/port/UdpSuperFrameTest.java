package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.port.Datagram.Sum;
import io.towpath.linux.Tap;
import io.towpath.packet.Reason;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel behind a TAP takes super-frames for the datagrams that they are made of. */
@EndToEnd
final class UdpSuperFrameTest {
    private static final int WAIT_MS = 5_000;
    private static final int DATAGRAMS = 64;
    private static final int PORT = 1_001;

    private final Cleanup cleanup = new Cleanup();
    private final Namespace place =
            new Namespace("towpath-" + ProcessHandle.current().pid() + "x901-client");

    @BeforeEach
    void open() throws Exception {
        Network.make(place, cleanup);
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    private void ip(String arguments) throws Exception {
        Programs.require(place.command(("ip " + arguments).split(" ")).toArray(String[]::new));
    }

    private Tap tap() throws Exception {
        Tap tap = place.call(() -> Tap.open("t0", 1));
        ip("link set t0 address 02:00:00:00:00:07 up");
        ip("address add 10.0.1.1/16 dev t0");
        ip("address add fd00::101/64 dev t0 nodad");
        return tap;
    }

    /** Returns the frames that the device has received. */
    private long received() throws Exception {
        String table = Programs.require(place.command("cat", "/proc/net/dev").toArray(String[]::new));
        String line = table.lines()
                .filter(text -> text.strip().startsWith("t0:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.strip().split("[: ]+")[2]);
    }

    @ParameterizedTest
    @CsvSource({"URING, true, 64", "URING, false, 64", "RW, true, 1000", "RW, false, 700"})
    void shouldReachASocketAsTheDatagramsTheyAreMadeOf(IoEngine engine, boolean ipv4, int payload) throws Exception {
        Datagram plain = ipv4 ? Datagram.ipv4(payload) : Datagram.ipv6(payload);
        List<Datagram> datagrams = IntStream.range(0, DATAGRAMS)
                .mapToObj(i -> plain.filled(i).with(i % 2 == 0 ? Sum.PARTIAL : Sum.COMPLETE))
                .toList();
        try (Tap tap = tap();
                PortRig rig = new PortRig(engine, tap);
                DatagramSocket socket = socket(ipv4 ? "10.0.1.1" : "fd00::101")) {
            rig.ports.getFirst().mergeUdp(new UdpMerger(rig.pool));
            long before = received();

            Map<Reason, Integer> outcomes =
                    rig.send(0, datagrams.stream().map(Datagram::bytes).toList());

            assertEquals(Map.of(Reason.ROUTED, DATAGRAMS), outcomes);
            assertEquals((DATAGRAMS * payload + 65_506) / 65_507, received() - before, "frames");
            DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
            for (Datagram datagram : datagrams) {
                socket.receive(packet);
                byte[] frame = datagram.bytes();
                assertArrayEquals(
                        Arrays.copyOfRange(frame, frame.length - payload, frame.length),
                        Arrays.copyOf(packet.getData(), packet.getLength()),
                        datagram.toString());
            }
            assertEquals(0, rig.missing());
        }
    }

    private DatagramSocket socket(String address) throws Exception {
        DatagramSocket socket =
                place.call(() -> new DatagramSocket(new InetSocketAddress(InetAddress.getByName(address), PORT)));
        socket.setSoTimeout(WAIT_MS);
        return socket;
    }
}
