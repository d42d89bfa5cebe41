package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.SlowLink;
import io.towpath.linux.Tap;
import io.towpath.linux.TapSendBuffer;
import io.towpath.packet.Reason;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices that refuse frames, go down, or go away: nothing blocks, each frame has its outcome, and every buffer comes back. */
@EndToEnd
final class DevicePortTest {
    private static final int BURST = 200;
    private static final int WAIT_MS = 5_000;
    /** Bytes of a datagram. */
    private static final int LARGE = 64_000;

    private final Cleanup cleanup = new Cleanup();
    private final Namespace place =
            new Namespace("towpath-" + ProcessHandle.current().pid() + "x900-client");

    @BeforeEach
    void open() throws Exception {
        Network.make(place, cleanup);
        // Nothing but what the test sends.
        ip("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    private void ip(String... program) throws Exception {
        Programs.require(place.command(program).toArray(String[]::new));
    }

    private Tap tap(String name) throws Exception {
        Tap tap = place.call(() -> Tap.open(name, 1));
        ip("ip", "link", "set", name, "up");
        return tap;
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldDropWhatAFullDeviceHasNoRoomForAndGoOnWithOthers(IoEngine engine) throws Exception {
        try (Tap full = tap("full");
                Tap other = tap("other");
                PortRig rig = new PortRig(engine, full, other)) {
            SlowLink.bridge(place, "full");
            TapSendBuffer.limit(full.queue(0), 1);

            Map<Reason, Integer> outcomes = rig.send(0, BURST);

            assertEquals(BURST, outcomes.values().stream().mapToInt(n -> n).sum());
            assertTrue(outcomes.get(Reason.EGRESS_FULL) > BURST / 2, outcomes.toString());
            assertTrue(outcomes.get(Reason.ROUTED) > 0, outcomes.toString());
            assertEquals(
                    (long) outcomes.get(Reason.EGRESS_FULL),
                    rig.ports.get(0).drops().fullOpaque());
            assertEquals(Map.of(Reason.ROUTED, BURST), rig.send(1, BURST), "the other port does not wait");
            assertEquals(0, rig.ports.get(1).drops().fullOpaque());
            assertEquals(LinkState.UP, rig.device(0).link());
            assertEquals(0, rig.missing());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldReportADeviceThatIsDownUntilItIsUp(IoEngine engine) throws Exception {
        try (Tap tap = tap("t0");
                PortRig rig = new PortRig(engine, tap)) {
            assertEquals(Map.of(Reason.ROUTED, BURST), rig.send(0, BURST));
            ip("ip", "link", "set", "t0", "down");

            assertEquals(Map.of(Reason.EGRESS_FAILED, BURST), rig.send(0, BURST));
            assertEquals(LinkState.DOWN, rig.device(0).link());
            assertEquals(BURST, rig.ports.get(0).drops().failedOpaque());
            assertEquals(0, rig.missing());

            ip("ip", "link", "set", "t0", "up");
            assertEquals(Map.of(Reason.ROUTED, BURST), rig.send(0, BURST));
            assertEquals(LinkState.UP, rig.device(0).link());
            assertEquals(0, rig.missing());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldGoOnWithADeviceMadeAnewAfterItsOwnWasDeleted(IoEngine engine) throws Exception {
        try (Tap tap = tap("t0");
                PortRig rig = new PortRig(engine, tap)) {
            assertFalse(rig.await(1));
            ip("ip", "link", "delete", "t0");
            long endNs = System.nanoTime() + WAIT_MS * 1_000_000L;
            while (rig.device(0).link() != LinkState.GONE && System.nanoTime() < endNs) {
                rig.await(WAIT_MS);
                assertEquals(List.of(), rig.receive(0));
            }
            assertEquals(LinkState.GONE, rig.device(0).link());
            assertEquals(Map.of(Reason.EGRESS_FAILED, BURST), rig.send(0, BURST));
            assertEquals(0, rig.missing());
            assertFalse(rig.await(20), "does not spin");

            try (Tap fresh = tap("t0")) {
                rig.device(0).replace(fresh.queue(0));

                assertEquals(fresh.queue(0), rig.device(0).queue());
                assertEquals(Map.of(Reason.ROUTED, BURST), rig.send(0, BURST));
                assertEquals(LinkState.UP, rig.device(0).link());
                assertReceivesAll(rig, 300);
                assertEquals(0, rig.missing());
            }
        }
    }

    /** More frames than the kernel has buffers for, and none is taken before all are there. */
    private void assertReceivesAll(PortRig rig, int count) throws Exception {
        ip("ip", "address", "add", "10.99.0.1/24", "dev", "t0");
        try (DatagramSocket socket = place.call(() -> new DatagramSocket())) {
            socket.setBroadcast(true);
            for (int i = 0; i < count; i++) {
                byte[] bytes = new byte[100 + i];
                socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getByName("10.99.0.255"), 9));
            }
        }
        int expected = 0;
        while (expected < count) {
            List<Integer> lengths = rig.receive(0);
            for (int length : lengths) {
                assertEquals(42 + 100 + expected++, length, "in order");
            }
            if (lengths.isEmpty()) {
                assertTrue(rig.await(WAIT_MS), expected + " of " + count);
            }
        }
        assertFalse(rig.await(1));
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldTakeNoMoreLargeFramesAtOnceThanStayInTheCache(IoEngine engine) throws Exception {
        try (Tap tap = tap("t0");
                PortRig rig = new PortRig(engine, tap)) {
            ip("ip", "link", "set", "t0", "mtu", "65521");
            ip("ip", "address", "add", "10.99.0.1/24", "dev", "t0");
            // By then the buffers that the kernel had before it sent large frames are used up.
            for (int i = 0; i < RingIo.PROVIDED_BUFFERS; i++) {
                sendLarge(1);
                assertEquals(List.of(42 + LARGE), receiveSome(rig));
            }

            int waiting = 2 * ReceiveBudget.BUFFERS_MIN;
            sendLarge(waiting);

            for (int received = 0; received < waiting; ) {
                int count = receiveSome(rig).size();
                assertTrue(count <= ReceiveBudget.BUFFERS_MIN, count + " at once");
                received += count;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldNotLetTheLargeFramesOfAPortKeepOthersWaiting(IoEngine engine) throws Exception {
        try (Tap large = tap("t0");
                Tap small = tap("t1");
                PortRig rig = new PortRig(engine, large, small)) {
            ip("ip", "link", "set", "t0", "mtu", "65521");
            ip("ip", "address", "add", "10.99.0.1/24", "dev", "t0");
            ip("ip", "address", "add", "10.98.0.1/24", "dev", "t1");
            for (int i = 0; i < RingIo.PROVIDED_BUFFERS; i++) {
                sendLarge(1);
                assertEquals(List.of(42 + LARGE), receiveSome(rig));
            }
            int waiting = 6 * ReceiveBudget.BUFFERS_MIN;
            sendLarge(waiting);
            broadcast("10.98.0.255", 100, waiting);

            int largeReceived = 0;
            int smallReceived = 0;
            while (largeReceived < waiting / 2) {
                largeReceived += rig.receive(0).size();
                smallReceived += rig.receive(1).size();
            }

            assertTrue(smallReceived >= waiting / 4, smallReceived + " beside " + largeReceived);
        }
    }

    private void sendLarge(int count) throws Exception {
        broadcast("10.99.0.255", LARGE, count);
    }

    /** Sends datagrams, each by a socket of its own, as a large one that waits takes much of a socket's memory. */
    private void broadcast(String address, int bytes, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            try (DatagramSocket socket = place.call(() -> new DatagramSocket())) {
                socket.setBroadcast(true);
                socket.send(new DatagramPacket(new byte[bytes], bytes, InetAddress.getByName(address), 9));
            }
        }
    }

    private static List<Integer> receiveSome(PortRig rig) {
        List<Integer> lengths = rig.receive(0);
        while (lengths.isEmpty()) {
            assertTrue(rig.await(WAIT_MS));
            lengths = rig.receive(0);
        }
        return lengths;
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldBeWokenByFramesAndBySignals(IoEngine engine) throws Exception {
        try (Tap tap = tap("t0");
                PortRig rig = new PortRig(engine, tap)) {
            assertReceivesAll(rig, 1);
            rig.wakeUp.signal();
            assertTrue(rig.await(WAIT_MS));
            assertFalse(rig.await(1), "one signal, one wake-up");
            rig.wakeUp.signal();
            assertTrue(rig.await(WAIT_MS));
        }
    }
}
