package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.dataplane.netty.EventLoops;
import io.towpath.linux.Fd;
import io.towpath.linux.Tap;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Two TAP devices whose frames go from each to the other. */
final class LoopWire implements AutoCloseable, Port.Outcome {
    private static final long LIMIT_S = 10;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final FramePool pool = new FramePool(64);
    private final Burst burst = new Burst(pool.frames());
    private final List<Tap> taps;
    private final List<NettyTapPort> ports;
    private final AtomicLongArray counts = new AtomicLongArray(Reason.ALL.size());
    private final IoEventLoopGroup group = EventLoops.open(1, new DefaultThreadFactory("wire", true));
    private final SingleThreadIoEventLoop loop = EventLoops.next(group);
    private final CountDownLatch closed = new CountDownLatch(2);
    private final Runnable carry = this::carry;
    private boolean isAsked;

    LoopWire(String left, String right) {
        taps = List.of(Tap.open(left, 1), Tap.open(right, 1));
        ports = List.of(port(0), port(1));
    }

    private NettyTapPort port(int index) {
        return new NettyTapPort(index, Integer.toString(index), queue(index), pool, this::ask);
    }

    String deviceName(int index) {
        return taps.get(index).name();
    }

    Fd queue(int index) {
        return taps.get(index).queue(0);
    }

    PortDrops drops(int index) {
        return ports.get(index).drops();
    }

    void start() {
        loop.submit(() -> ports.forEach(port -> port.open(loop, closed::countDown)))
                .syncUninterruptibly();
    }

    private void ask() {
        if (!isAsked) {
            isAsked = true;
            loop.execute(carry);
        }
    }

    private void carry() {
        isAsked = false;
        for (NettyTapPort port : ports) {
            burst.clear();
            port.receive(pool, burst, Burst.LIMIT);
            Port other = ports.get(1 - port.index());
            for (int i = 0; i < burst.count; i++) {
                assertTrue(other.enqueue(burst.buffer(i), burst.l2(i), burst.length(i), Reason.ROUTED));
            }
            other.flush(this);
        }
    }

    @Override
    public void done(int buffer, int packets, int bytes, Reason reason) {
        counts.addAndGet(reason.ordinal(), packets);
        pool.give(buffer);
    }

    /** Goes on with a device that was made anew. */
    void replace(int index, Tap tap) {
        Fd queue = tap.queue(0);
        await(() -> {
            loop.submit(() -> ports.get(index).replace(queue)).syncUninterruptibly();
            return ports.get(index).queue() == queue;
        });
        loop.submit(this::ask).syncUninterruptibly();
    }

    /** Bytes that the event loop's thread allocated so far. */
    long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(loop.threadProperties().id());
    }

    long count(Reason reason) {
        return counts.get(reason.ordinal());
    }

    LinkState link(int index) {
        return ports.get(index).link();
    }

    FramePool pool() {
        return pool;
    }

    void await(BooleanSupplier condition) {
        long limitNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < limitNs, "not within " + LIMIT_S + " s");
            LockSupport.parkNanos(1_000_000);
        }
    }

    void endLoop() {
        group.shutdownGracefully(0, LIMIT_S, TimeUnit.SECONDS).syncUninterruptibly();
        await(() -> closed.getCount() == 0);
    }

    /** Ends the ports, then the rest; the pool stays, to be counted. */
    @Override
    public void close() {
        if (!group.isShuttingDown()) {
            loop.submit(() -> ports.forEach(NettyTapPort::close)).syncUninterruptibly();
        }
        endLoop();
        taps.forEach(Tap::close);
    }
}
