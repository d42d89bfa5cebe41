package io.towpath.dataplane.netty;

import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/** Netty event loops that packet workers can run on. */
public final class EventLoops {
    /** Submissions that fit a ring: what a cycle reads and writes on several ports. */
    private static final int RING_SIZE = 1024;
    /** Completions that fit: more than a worker's buffers, each of which may be in flight. */
    private static final int COMPLETIONS = 4096;

    private EventLoops() {}

    /**
     * Makes a group of event loops on rings of the size that workers want; the caller shuts it down.
     *
     * @throws RuntimeException where the kernel refuses io_uring
     */
    public static IoEventLoopGroup open(int count, ThreadFactory threads) {
        IoUringIoHandlerConfig config =
                new IoUringIoHandlerConfig().setRingSize(RING_SIZE).setCqSize(COMPLETIONS);
        return new MultiThreadIoEventLoopGroup(count, threads, IoUringIoHandler.newFactory(config));
    }

    /**
     * Makes a group of the engine's own.
     *
     * @param refused told why there is none
     * @return null where Netty has no io_uring here
     */
    public static IoEventLoopGroup openOrNull(int count, Consumer<String> refused) {
        Throwable refusal = IoUring.isAvailable() ? null : IoUring.unavailabilityCause();
        if (refusal == null) {
            try {
                return open(count, new DefaultThreadFactory("worker", true));
            } catch (RuntimeException e) {
                refusal = e;
            }
        }
        refused.accept(refusal.getMessage());
        return null;
    }

    /** Returns the group's next event loop, as there is one worker more. */
    public static SingleThreadIoEventLoop next(IoEventLoopGroup group) {
        if (group.isIoType(IoUringIoHandler.class) && group.next() instanceof SingleThreadIoEventLoop loop) {
            return loop;
        }
        throw new IllegalArgumentException(
                "workers need the event loops of a MultiThreadIoEventLoopGroup with IoUringIoHandler");
    }
}
