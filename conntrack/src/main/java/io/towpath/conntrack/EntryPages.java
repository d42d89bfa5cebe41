package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.MapStore;
import io.towpath.maps.RecordMap;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The table's memory in pages of 4096 bytes, each of which holds entries of one family: 32 of IPv4 or 21 of IPv6. A page gets its family when it
 * is handed out, from the bottom, so that memory is touched only when needed, and keeps it. Number 0 is no page: no entry has number 0.
 *
 * <p>A table of n entries has pages for n of IPv4, or two thirds as many of IPv6, and one in {@value #RESERVE_SHARE} more, which the family that
 * came later finds left, whatever flood filled the table.
 *
 * <p>An entry's <em>number</em> is its distance from the start of the memory in lines of 64 bytes. Any thread.
 */
final class EntryPages {
    static final String MAP = "conntrack-pages";
    static final int LAYOUT_VERSION = 1;

    static final int UNUSED = 0;
    static final int IPV4 = 1;
    static final int IPV6 = 2;

    static final int PAGE_BYTES = 4096;
    static final int LINE_BYTES = 64;
    private static final int PAGE_LINES = PAGE_BYTES / LINE_BYTES;
    private static final int IPV4_ENTRIES = PAGE_BYTES / Entry.IPV4_BYTES;
    private static final int IPV6_ENTRIES = PAGE_BYTES / Entry.IPV6_BYTES;
    private static final int RESERVE_SHARE = 32;

    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(EntryPages.class, "top", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long memory;
    /** A byte for each page. */
    private final long families;

    private final long end;
    /** Lines that entries may be in; less than whole pages have in a small table, which holds just what it says. */
    private final long lines;

    /** Pages that a family may have. */
    private final long limit;

    private final AtomicLongArray handedOut = new AtomicLongArray(IPV6 + 1);

    /** First page never handed out. */
    @SuppressWarnings("unused") // through TOP
    private volatile long top = 1;

    private EntryPages(long memory, long families, int maxEntries) {
        this.memory = memory;
        this.families = families;
        this.end = pages(maxEntries);
        this.limit = ipv4Pages(maxEntries);
        this.lines =
                end > limit + 1 ? end * PAGE_LINES : PAGE_LINES + maxEntries * (long) (Entry.IPV4_BYTES / LINE_BYTES);
    }

    static EntryPages create(MapStore store, RecordMap memory, int maxEntries) {
        return of(RecordMap.create(store, MAP, LAYOUT_VERSION, 1, pages(maxEntries)), memory, maxEntries);
    }

    /** Returns those of an earlier owner, null where it left none or others. */
    static EntryPages adopt(MapStore store, RecordMap memory, int maxEntries) {
        RecordMap families = RecordMap.adopt(store, MAP, LAYOUT_VERSION, 1, pages(maxEntries));
        return families == null ? null : of(families, memory, maxEntries);
    }

    private static EntryPages of(RecordMap families, RecordMap memory, int maxEntries) {
        return new EntryPages(memory.data().address(), families.data().address(), maxEntries);
    }

    /** Returns how many pages a table has, the one that is none included. */
    static long pages(int maxEntries) {
        long ipv4 = ipv4Pages(maxEntries);
        return 1 + ipv4 + ipv4 / RESERVE_SHARE;
    }

    private static long ipv4Pages(int maxEntries) {
        return (maxEntries + IPV4_ENTRIES - 1L) / IPV4_ENTRIES;
    }

    /** Returns the size of the memory in entries of IPv4: whole pages, but for a table that is so small that it has no reserve. */
    static long records(int maxEntries) {
        long pages = pages(maxEntries);
        return pages > 1 + ipv4Pages(maxEntries) ? pages * IPV4_ENTRIES : IPV4_ENTRIES + (long) maxEntries;
    }

    /** Hands out a page; returns 0 where the family may have no more. */
    long take(int family) {
        if (handedOut.incrementAndGet(family) > limit) {
            handedOut.decrementAndGet(family);
            return 0;
        }
        long page = (long) TOP.getAcquire(this) < end ? (long) TOP.getAndAdd(this, 1L) : end;
        if (page >= end) {
            handedOut.decrementAndGet(family);
            return 0;
        }
        family(page, family);
        return page;
    }

    /** Returns whether a family gets no more pages. */
    boolean isUsedUp(int family) {
        return (long) TOP.getAcquire(this) >= end || handedOut.get(family) >= limit;
    }

    /** Returns the number behind the last page that was ever handed out. */
    long top() {
        return Math.min((long) TOP.getAcquire(this), end);
    }

    /** Goes on from what an earlier process handed out: all pages below one, each of which has its family. Before any worker starts. */
    void resume(long page) {
        TOP.setRelease(this, page);
        for (long used = 1; used < page; used++) {
            handedOut.incrementAndGet(family(used));
        }
    }

    long end() {
        return end;
    }

    /** Returns how many entries of IPv4 there may be. */
    long capacity() {
        return Math.min(lines * LINE_BYTES / Entry.IPV4_BYTES - IPV4_ENTRIES, limit * IPV4_ENTRIES);
    }

    int family(long page) {
        return NativeMemory.getByteAcquire(families + page);
    }

    void family(long page, int family) {
        NativeMemory.setByteRelease(families + page, (byte) family);
    }

    static int entryLines(int family) {
        return (family == IPV6 ? Entry.IPV6_BYTES : Entry.IPV4_BYTES) / LINE_BYTES;
    }

    /** Returns how many entries a page has; the last one may be cut short. */
    int entries(long page, int family) {
        long rest = lines - page * PAGE_LINES;
        if (rest >= PAGE_LINES) {
            return family == IPV6 ? IPV6_ENTRIES : IPV4_ENTRIES; // a division less
        }
        return (int) rest / entryLines(family);
    }

    /** Returns the number of an entry of a page. */
    static int number(long page, int index, int family) {
        return (int) (page * PAGE_LINES) + index * entryLines(family);
    }

    long address(int number) {
        return memory + (long) number * LINE_BYTES;
    }

    int number(long entry) {
        return (int) ((entry - memory) / LINE_BYTES);
    }
}
