package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The free entries of a family. Never-used ones come a page at a time; freed ones stay with the worker that freed them, and its surplus goes
 * to a shared lock-free stack (Treiber 1986, with a tag against ABA).
 */
final class EntryPool {
    /** Entries that a worker takes from the others at a time. */
    private static final int BATCH = 32;
    /** Free entries beyond which a worker shares. */
    private static final int SURPLUS = 256;
    /** Entries that a worker holds to be few: those of two bursts, as what it displaces in one burst is free in the next. */
    private static final int RESERVE = 128;
    /** That of a small table is one in so many. */
    private static final int RESERVE_SHARE = 128;

    /** Entries of a worker that will be free soon are enough for it: those of 16 bursts. */
    private static final int SOON_FREE = 1024;
    /** Those of a small table are one in so many. */
    private static final int SOON_FREE_SHARE = 8;

    private static final VarHandle SHARED;

    static {
        try {
            SHARED = MethodHandles.lookup().findVarHandle(EntryPool.class, "shared", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final EntryPages pages;
    private final int family;
    private final int reserve;
    private final int soonFree;

    /** {@code tag << 32 | first entry's number}. */
    @SuppressWarnings("unused") // through SHARED
    private volatile long shared;

    EntryPool(EntryPages pages, int family, int maxEntries) {
        this.pages = pages;
        this.family = family;
        this.soonFree = Math.clamp(maxEntries / SOON_FREE_SHARE, 1, SOON_FREE);
        this.reserve = Math.min(RESERVE, maxEntries / RESERVE_SHARE);
    }

    /** Returns whether a worker has few free entries left and there are none to fetch. */
    boolean isRunningOut(EntryLists lists) {
        return runsOut(lists, 0) > 0;
    }

    /** Returns how many of so many allocations will find few free entries. */
    int runsOut(EntryLists lists, int allocations) {
        int few = reserve - (lists.freeCount - allocations);
        return few <= 0 || (int) (long) SHARED.getAcquire(this) != 0 || !pages.isUsedUp(family) ? 0 : few;
    }

    /**
     * Returns whether so many removed entries of a worker wait for their grace period that the displacement of further ones would free none
     * the sooner: while a worker stands still, all others would displace one connection for each that they cannot make.
     */
    boolean hasEnoughSoon(EntryLists lists) {
        return lists.waiting() >= soonFree;
    }

    /** Returns the number of a free entry, 0 where there is none. */
    int allocate(EntryLists lists, Conntrack table) {
        if (lists.freeCount == 0) {
            lists.reclaim(table);
        }
        if (lists.freeCount == 0) {
            takeShared(lists);
        }
        if (lists.freeCount == 0) {
            takePage(lists);
        }
        if (lists.freeCount == 0) {
            return 0;
        }
        int entry = lists.free;
        lists.free = link(entry);
        lists.freeCount--;
        return entry;
    }

    /** Has the lines on their way of the entries that a worker will take next. */
    long load(EntryLists lists, int count) {
        long sum = 0;
        int number = lists.free;
        for (int i = Math.min(count, lists.freeCount); i > 0; i--) {
            long entry = pages.address(number);
            sum += NativeMemory.getLong(entry + EntryPages.LINE_BYTES);
            number = Entry.link(entry);
        }
        return sum;
    }

    private int link(int entry) {
        return Entry.link(pages.address(entry));
    }

    private void link(int entry, int next) {
        Entry.link(pages.address(entry), next);
    }

    /** Returns an entry that no other thread can have seen published. */
    void giveBack(EntryLists lists, int entry) {
        link(entry, lists.free);
        lists.free = entry;
        lists.freeCount++;
    }

    private void takeShared(EntryLists lists) {
        for (int taken = 0; taken < BATCH; ) {
            long head = (long) SHARED.getAcquire(this);
            int entry = (int) head;
            if (entry == 0) {
                return;
            }
            long next = (head >>> 32) + 1 << 32 | link(entry);
            if (SHARED.compareAndSet(this, head, next)) {
                giveBack(lists, entry);
                taken++;
            }
        }
    }

    private void takePage(EntryLists lists) {
        long page = pages.take(family);
        if (page != 0) {
            for (int i = pages.entries(page, family) - 1; i >= 0; i--) {
                giveBack(lists, EntryPages.number(page, i, family));
            }
        }
    }

    /** Lets other workers have what this one has too many of. Bounded work: at most a batch a call. */
    void share(EntryLists lists) {
        for (int given = 0; given < BATCH && lists.freeCount > SURPLUS; given++) {
            int entry = lists.free;
            lists.free = link(entry);
            lists.freeCount--;
            share(entry);
        }
    }

    /** Puts an entry on the shared stack. */
    void share(int entry) {
        long head;
        do {
            head = (long) SHARED.getAcquire(this);
            link(entry, (int) head);
        } while (!SHARED.compareAndSet(this, head, (head >>> 32) + 1 << 32 | entry));
    }
}
