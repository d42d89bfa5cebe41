package io.towpath.maps;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Tells a writer when no worker can still be reading what it unpublished: quiescent-state based reclamation (McKenney, Slingwine 1998).
 * Each worker announces a quiescent point, at which it holds no reference into a map, after every burst.
 *
 * <p>Why an announcement needs no full fence: a worker announces the epoch that it loaded by acquire, and its later loads are ordered
 * behind that load, so once the writer sees the epoch announced, that worker's loads see what was published before the epoch began. Going
 * online does need one: a worker that was not waited for must not read anything before the writer can see that it is back.
 */
public final class Quiescence {
    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle EPOCH;
    private static final long OFFLINE = Long.MAX_VALUE;
    /** Longs between two workers' words: 128 bytes, as adjacent lines are fetched in pairs. */
    private static final int STRIDE = 16;

    static {
        try {
            EPOCH = MethodHandles.lookup().findVarHandle(Quiescence.class, "epoch", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] words;
    private final int workers;

    @SuppressWarnings("unused") // through EPOCH
    private volatile long epoch = 1;

    /** All workers begin offline. */
    public Quiescence(int workers) {
        this.workers = workers;
        words = new long[(workers + 1) * STRIDE];
        for (int worker = 0; worker < workers; worker++) {
            words[index(worker)] = OFFLINE;
        }
    }

    private static int index(int worker) {
        return (worker + 1) * STRIDE;
    }

    /** From here on the worker may read maps. Worker thread. */
    public void online(int worker) {
        WORDS.setOpaque(words, index(worker), (long) EPOCH.getAcquire(this));
        VarHandle.fullFence();
    }

    /** The worker holds no reference into a map now. Worker thread, while online. */
    public void quiescent(int worker) {
        WORDS.setRelease(words, index(worker), (long) EPOCH.getAcquire(this));
    }

    /** The worker reads no map until it is online again. Worker thread. */
    public void offline(int worker) {
        WORDS.setRelease(words, index(worker), OFFLINE);
    }

    /** Begins a new epoch after something was unpublished; returns the token to ask {@link #passed} with. Any thread. */
    public long advance() {
        return (long) EPOCH.getAndAdd(this, 1L) + 1;
    }

    /** Returns whether every worker was quiescent, or offline, since {@link #advance} returned the token. Any thread. */
    public boolean passed(long token) {
        VarHandle.fullFence();
        for (int worker = 0; worker < workers; worker++) {
            if ((long) WORDS.getAcquire(words, index(worker)) < token) {
                return false;
            }
        }
        return true;
    }
}
