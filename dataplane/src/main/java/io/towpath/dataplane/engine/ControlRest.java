package io.towpath.dataplane.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * How the control thread waits: until something wakes it, or for a while, after which it looks at what goes by time. A call that comes while
 * the thread works is not lost: the next rest is none.
 */
final class ControlRest implements IdleStrategy {
    /** What goes by time does so in steps of a quarter of a second or more. */
    private static final long REST_NS = TimeUnit.MILLISECONDS.toNanos(100);
    /** While a worker is waited for, which does not say when it is done. */
    private static final long SHORT_REST_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final long restNs;
    private final AtomicBoolean isWoken = new AtomicBoolean();
    private volatile Thread thread;
    private volatile boolean isEnding;
    /** Control thread only. */
    private boolean isShort;

    ControlRest() {
        this(REST_NS);
    }

    ControlRest(long restNs) {
        this.restNs = restNs;
    }

    /** On the control thread, before its first rest. */
    void onStart() {
        thread = Thread.currentThread();
    }

    /** Ends the rest. Any thread. */
    void wake() {
        isWoken.set(true);
        LockSupport.unpark(thread);
    }

    /** There will be no more rest, as the thread is about to be closed. Any thread. */
    void end() {
        isEnding = true;
        wake();
    }

    /** Makes the next rest a short one. Control thread. */
    void shorten() {
        isShort = true;
    }

    @Override
    public void idle(int workCount) {
        if (workCount <= 0) {
            idle();
        }
    }

    @Override
    public void idle() {
        boolean wasShort = isShort;
        isShort = false;
        // The flag decides, not the thread's permit: a wait within the work may have used that up.
        if (!isWoken.getAndSet(false) && !isEnding) {
            LockSupport.parkNanos(wasShort ? SHORT_REST_NS : restNs);
        }
    }

    @Override
    public void reset() {
        // has no state that outlives a rest
    }
}
