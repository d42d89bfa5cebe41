package io.towpath.bench.core;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a control thread leaves to the garbage collector: a thread that makes small records at a modest rate. It keeps the last
 * {@value #KEPT} of them, 46 MiB, as the copies of what the API server has are kept, and each replaces the oldest.
 */
final class Garbage implements AutoCloseable {
    private static final int KEPT = 1 << 18;
    /** Records at a time, about 92 KiB. */
    private static final int AT_ONCE = 512;

    private static final long RECORD_BYTES = 184;
    private static final long BYTES_PER_SECOND = 64L << 20;
    private static final long PERIOD_NS = TimeUnit.SECONDS.toNanos(1) * AT_ONCE * RECORD_BYTES / BYTES_PER_SECOND;

    private final Kept[] kept = new Kept[KEPT];
    private final Thread thread = Thread.ofPlatform().name("garbage").daemon().unstarted(this::run);
    private volatile boolean isActive;
    private volatile boolean isClosed;

    private record Kept(long number, byte[] content) {
        /** With the headers of both objects and the references to them {@value Garbage#RECORD_BYTES} bytes. */
        Kept(long number) {
            this(number, new byte[144]);
        }
    }

    Garbage() {
        thread.start();
    }

    /** Makes garbage from here on, or none. */
    void active(boolean active) {
        isActive = active;
        LockSupport.unpark(thread);
    }

    private void run() {
        long number = 0;
        while (!isClosed) {
            if (!isActive) {
                LockSupport.park(this);
                continue;
            }
            long nextNs = System.nanoTime() + PERIOD_NS;
            for (int i = 0; i < AT_ONCE; i++, number++) {
                kept[(int) (number % KEPT)] = new Kept(number);
            }
            LockSupport.parkNanos(this, nextNs - System.nanoTime());
        }
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
    }
}
