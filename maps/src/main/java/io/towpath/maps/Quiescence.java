package io.towpath.maps;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Tells a writer when no worker can still be reading what it unpublished: quiescent-state based reclamation (McKenney, Slingwine 1998).
 * Each worker announces a quiescent point, at which it holds no reference into a map, after every burst.
 *
 * <p>The control thread is a participant too, for what it reads and does not own (it scans connections): it is online only while it
 * scans, and offline, which counts as quiescent for as long as it lasts, otherwise. Nothing that it retires itself passes while it is
 * online, so it must not wait for that there.
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
    private final int participants;

    @SuppressWarnings("unused") // through EPOCH
    private volatile long epoch = 1;

    /** Workers are numbered from 0; the control thread is one participant more. All begin offline. */
    public Quiescence(int workers) {
        this.participants = workers + 1;
        words = new long[(participants + 1) * STRIDE];
        for (int participant = 0; participant < participants; participant++) {
            words[index(participant)] = OFFLINE;
        }
    }

    /** Returns the control thread's number, for {@link #online} and {@link #offline}. */
    public int control() {
        return participants - 1;
    }

    private static int index(int participant) {
        return (participant + 1) * STRIDE;
    }

    /** From here on the participant may read maps. Its own thread. */
    public void online(int participant) {
        WORDS.setOpaque(words, index(participant), (long) EPOCH.getAcquire(this));
        VarHandle.fullFence();
    }

    /** The worker holds no reference into a map now. Worker thread, while online. */
    public void quiescent(int worker) {
        WORDS.setRelease(words, index(worker), (long) EPOCH.getAcquire(this));
    }

    /** The participant reads no map until it is online again. Its own thread. */
    public void offline(int participant) {
        WORDS.setRelease(words, index(participant), OFFLINE);
    }

    /** Begins a new epoch after something was unpublished; returns the token to ask {@link #passed} with. Any thread. */
    public long advance() {
        return (long) EPOCH.getAndAdd(this, 1L) + 1;
    }

    /** Returns whether every participant was quiescent, or offline, since {@link #advance} returned the token. Any thread. */
    public boolean passed(long token) {
        VarHandle.fullFence();
        for (int participant = 0; participant < participants; participant++) {
            if ((long) WORDS.getAcquire(words, index(participant)) < token) {
                return false;
            }
        }
        return true;
    }
}
