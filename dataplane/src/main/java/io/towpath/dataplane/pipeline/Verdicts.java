package io.towpath.dataplane.pipeline;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.CounterMap;
import io.towpath.packet.Reason;

/** Counts each packet once, by its reason, and gives its frame's buffer back. One per worker. */
public final class Verdicts implements Port.Outcome {
    public static final String MAP = "verdicts";
    /** Room for reasons to come. */
    public static final int CAPACITY = 128;

    private final CounterMap counters;
    private final int worker;
    private final FramePool pool;

    public Verdicts(CounterMap counters, int worker, FramePool pool) {
        this.counters = counters;
        this.worker = worker;
        this.pool = pool;
    }

    /** Counts a packet that keeps its buffer. */
    public void count(int length, Reason reason) {
        counters.add(worker, reason.ordinal(), 1, length);
    }

    /** A held fragment goes on to where it is counted by what becomes of it. */
    void release(int length) {
        counters.add(worker, Reason.FRAGMENT_HELD.ordinal(), -1, -length);
    }

    /** A held fragment ends. */
    void countHeld(int length, Reason reason) {
        release(length);
        count(length, reason);
    }

    /** Counts a packet and gives its buffer back. */
    public void done(int buffer, int length, Reason reason) {
        done(buffer, 1, length, reason);
    }

    @Override
    public void done(int buffer, int packets, int bytes, Reason reason) {
        // Reason.NONE: a frame of our own that answers a packet which is counted already.
        if (reason != Reason.NONE) {
            counters.add(worker, reason.ordinal(), packets, bytes);
        }
        pool.give(buffer);
    }
}
