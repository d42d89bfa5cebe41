package io.towpath.conntrack;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The free entries. Never-used ones are handed out from the top, so that memory is touched only when needed; freed ones stay with the
 * worker that freed them, and its surplus goes to a shared lock-free stack (Treiber 1986, with a tag against ABA).
 */
final class EntryPool {
    /** Entries that a worker takes at a time. */
    private static final int BATCH = 32;
    /** The last entries of a table, one in so many, are held to be few. */
    private static final int RESERVE_SHARE = 128;

    private static final VarHandle TOP;
    private static final VarHandle SHARED;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(EntryPool.class, "top", long.class);
            SHARED = MethodHandles.lookup().findVarHandle(EntryPool.class, "shared", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MemorySegment entries;
    private final long end;
    private final int reserve;

    /** First entry never handed out. */
    @SuppressWarnings("unused") // through TOP
    private volatile long top = 1;

    /** {@code tag << 32 | first entry}. */
    @SuppressWarnings("unused") // through SHARED
    private volatile long shared;

    EntryPool(MemorySegment entries, int maxEntries) {
        this.entries = entries;
        this.end = maxEntries + 1L;
        this.reserve = Math.min(BATCH, maxEntries / RESERVE_SHARE);
    }

    /** Returns the number of entries at most. */
    long capacity() {
        return end - 1;
    }

    /** Makes what is between two entries of an earlier process free. Before any worker starts. */
    void skipTo(int from, int entry) {
        for (int number = from; number < entry; number++) {
            Entry.link(entries, (long) number * Entry.BYTES, (int) (long) SHARED.getAcquire(this));
            SHARED.setRelease(this, (long) number);
        }
    }

    /** Sets the number behind the last entry that was ever in use. Before any worker starts. */
    void top(long number) {
        TOP.setRelease(this, number);
    }

    /** Returns the number behind the last entry that was ever in use. */
    long top() {
        return Math.min((long) TOP.getAcquire(this), end);
    }

    /** Returns whether a worker has few free entries left and there are none to fetch. */
    boolean isRunningOut(ConntrackWorker worker) {
        return worker.freeCount < reserve
                && (int) (long) SHARED.getAcquire(this) == 0
                && (long) TOP.getAcquire(this) >= end;
    }

    /** Returns a free entry, 0 where there is none. */
    int allocate(ConntrackWorker worker, Conntrack table) {
        if (worker.freeCount == 0) {
            worker.reclaim(table);
        }
        if (worker.freeCount == 0) {
            takeShared(worker, table);
        }
        if (worker.freeCount == 0) {
            takeUnused(worker, table);
        }
        if (worker.freeCount == 0) {
            return 0;
        }
        int entry = worker.free;
        worker.free = link(entry);
        worker.freeCount--;
        return entry;
    }

    private int link(int entry) {
        return Entry.link(entries, (long) entry * Entry.BYTES);
    }

    /** Returns an entry that no other thread can have seen published. */
    void giveBack(ConntrackWorker worker, int entry, Conntrack table) {
        table.link(entry, worker.free);
        worker.free = entry;
        worker.freeCount++;
    }

    private void takeShared(ConntrackWorker worker, Conntrack table) {
        for (int taken = 0; taken < BATCH; ) {
            long head = (long) SHARED.getAcquire(this);
            int entry = (int) head;
            if (entry == 0) {
                return;
            }
            long next = (head >>> 32) + 1 << 32 | link(entry);
            if (SHARED.compareAndSet(this, head, next)) {
                giveBack(worker, entry, table);
                taken++;
            }
        }
    }

    private void takeUnused(ConntrackWorker worker, Conntrack table) {
        if ((long) TOP.getAcquire(this) >= end) {
            return;
        }
        long first = (long) TOP.getAndAdd(this, (long) BATCH);
        for (long entry = Math.min(first + BATCH, end) - 1; entry >= first; entry--) {
            giveBack(worker, (int) entry, table);
        }
    }

    /** Lets other workers have what this one has too many of. Bounded work: at most a batch a call. */
    void share(ConntrackWorker worker, Conntrack table) {
        for (int given = 0; given < BATCH && worker.freeCount > worker.keeps(); given++) {
            int entry = worker.free;
            worker.free = link(entry);
            worker.freeCount--;
            share(entry, entry);
        }
    }

    /** Puts a chain of linked entries on the shared stack in one step. */
    void share(int first, int last) {
        long head;
        do {
            head = (long) SHARED.getAcquire(this);
            Entry.link(entries, (long) last * Entry.BYTES, (int) head);
        } while (!SHARED.compareAndSet(this, head, (head >>> 32) + 1 << 32 | first));
    }
}
