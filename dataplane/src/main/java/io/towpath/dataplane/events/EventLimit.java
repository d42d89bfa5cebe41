package io.towpath.dataplane.events;

import java.util.concurrent.TimeUnit;

/**
 * How many Events may be written: a cluster with thousands of wrong objects, seen by hundreds of nodes, is not to drown its API server. A
 * bucket of tokens. One thread.
 */
final class EventLimit {
    /** As many at once as client-go allows for one object. */
    static final int BURST = 25;

    static final long REFILL_NS = TimeUnit.SECONDS.toNanos(10);

    private int tokens = BURST;
    private long refilledNs;

    EventLimit(long nowNs) {
        refilledNs = nowNs;
    }

    /** Returns whether one more may be written now. */
    boolean take(long nowNs) {
        long fresh = (nowNs - refilledNs) / REFILL_NS;
        refilledNs += fresh * REFILL_NS;
        tokens = (int) Math.min(BURST, tokens + fresh);
        if (tokens == 0) {
            return false;
        }
        tokens--;
        return true;
    }
}
