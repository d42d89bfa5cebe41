package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.linux.EventFd;
import io.towpath.linux.Tap;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two devices that the kernel bridges: what comes from one is sent back to it, and comes from the other one. */
@EndToEnd
final class RingIoTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** In few bursts there is little to warm what is done once a burst: the first ones are small. */
    private static final int FEW_FRAMES = 4;

    private static final int FRAMES = Burst.LIMIT;
    private static final int PACKETS = 100_000;
    /** What allocates for each packet, or each burst, does so in every one; what the JIT has still to compile does not. */
    private static final int ROUNDS = 20;

    private static final int WAIT_MS = 5_000;

    private final Cleanup cleanup = new Cleanup();
    private final Namespace place =
            new Namespace("towpath-" + ProcessHandle.current().pid() + "x901-client");
    private int refused;

    @BeforeEach
    void open() throws Exception {
        Network.make(place, cleanup);
        // Nothing but what the test sends.
        ip("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
        ip("ip", "link", "add", "bridge", "up", "type", "bridge");
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    private void ip(String... program) throws Exception {
        Programs.require(place.command(program).toArray(String[]::new));
    }

    private Tap bridged(String name) throws Exception {
        Tap tap = place.call(() -> Tap.open(name, 1));
        ip("ip", "link", "set", name, "master", "bridge", "up");
        return tap;
    }

    @ParameterizedTest
    @EnumSource(
            value = IoEngine.class,
            names = {"URING", "RW"})
    void shouldNotAllocatePerPacketOnceWarm(IoEngine engine) throws Exception {
        try (Tap one = bridged("t0");
                Tap other = bridged("t1");
                PortRig rig = new PortRig(engine, one, other)) {
            Burst burst = new Burst(rig.pool.frames());
            Port.Outcome outcome = (buffer, _, _, reason) -> {
                rig.pool.give(buffer);
                refused += reason == Reason.ROUTED ? 0 : 1;
            };
            assertEquals(Map.of(Reason.ROUTED, FEW_FRAMES), rig.send(0, FEW_FRAMES));
            forward(rig, burst, outcome, PACKETS);
            rig.send(0, FRAMES - FEW_FRAMES);

            long allocated = allocatedBy(() -> forward(rig, burst, outcome, PACKETS));
            for (int round = 1; round < ROUNDS && allocated != 0; round++) {
                allocated = allocatedBy(() -> forward(rig, burst, outcome, PACKETS));
            }

            assertEquals(0, allocated, "bytes for " + PACKETS + " packets received and sent");
            assertEquals(0, refused);
        }
    }

    private static long allocatedBy(Runnable work) {
        THREADS.getCurrentThreadAllocatedBytes(); // its own first call allocates
        long before = THREADS.getCurrentThreadAllocatedBytes();
        work.run();
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private static void forward(PortRig rig, Burst burst, Port.Outcome outcome, int packets) {
        for (int moved = 0; moved < packets; ) {
            rig.io.submit(outcome);
            int count = sendBack(rig, 0, burst, outcome) + sendBack(rig, 1, burst, outcome);
            if (count == 0) {
                assertTrue(rig.io.await(WAIT_MS, outcome), "frames are lost");
            }
            moved += count;
        }
    }

    private static int sendBack(PortRig rig, int number, Burst burst, Port.Outcome outcome) {
        Port port = rig.ports.get(number);
        burst.clear();
        int count = port.receive(rig.pool, burst, Burst.LIMIT);
        for (int i = 0; i < count; i++) {
            port.enqueue(burst.buffer(i), burst.l2(i), burst.length(i), Reason.ROUTED);
        }
        port.flush(outcome);
        return count;
    }

    @Test
    void shouldLeaveTheFramesToTheKernelThatStillReadsThem() throws Exception {
        FramePool pool = new FramePool(2 * RingIo.PROVIDED_BUFFERS);
        try (Tap tap = bridged("t0");
                EventFd wakeUp = new EventFd()) {
            RingIo io = new RingIo(pool, wakeUp, 1);
            io.port(0, "t0", tap.queue(0));
            io.start();

            var e = assertThrows(IllegalStateException.class, io::close); // as it was not stopped, a read is in flight
            assertTrue(e.getMessage().startsWith("frames are still in flight"), e.getMessage());
            pool.close();
            pool.frames().fill((byte) 1); // still mapped
        }
    }
}
