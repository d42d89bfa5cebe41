package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.packet.FiveTuple;

/**
 * Makes room in a full table at the cost of entries that matter least: connections that never saw traffic both ways or are ending, templates
 * for templates. Which ones is up to chance. Any worker.
 */
final class Eviction {
    /** Entries looked at when the table is full: the kernel's early_drop looks at 8 hash chains. */
    private static final int PROBES = 8;

    /** Pages looked at for one of the family. */
    private static final int PAGE_PROBES = 64;

    private final Conntrack table;
    private final EntryPages pages;

    Eviction(Conntrack table, EntryPages pages) {
        this.table = table;
        this.pages = pages;
    }

    /**
     * Chooses what the next evictions of a family displace and has its memory on its way, all at once: its states, then its lines of the index.
     * A flood finds everything at hand so.
     *
     * @param evictions to be expected; {@link Victims#LIMIT} at most
     */
    void prepare(ConntrackWorker worker, boolean ipv6, int evictions) {
        Victims victims = worker.lists(ipv6).victims;
        victims.count = 0;
        int left = PROBES * evictions;
        while (left > 0 && victims.count < evictions) {
            int probes = Math.min(Math.min(left, Victims.LIMIT), 2 * (evictions - victims.count));
            probeRun(worker, ipv6 ? EntryPages.IPV6 : EntryPages.IPV4, victims.probed, probes);
            worker.loaded += NativeMemory.load(victims.probed, probes, 0);
            keepRun(victims, probes, evictions);
            left -= probes;
        }
        victims.missing = left > 0 ? 0 : evictions - victims.count;
        findLinesRun(victims);
        worker.loaded += NativeMemory.load(victims.line, 2 * victims.count, 0);
        int others = findSecondLinesRun(victims);
        worker.loaded += NativeMemory.load(victims.line, others, 0);
    }

    private void probeRun(ConntrackWorker worker, int family, long[] probed, int count) {
        for (int i = 0; i < count; i++) {
            probed[i] = probe(worker, family);
        }
    }

    private static void keepRun(Victims victims, int probes, int limit) {
        int count = victims.count;
        for (int i = 0; i < probes && count < limit; i++) {
            long entry = victims.probed[i];
            if (Entry.isLive(entry) && isEvictable(entry)) {
                victims.entry[count++] = entry;
            }
        }
        victims.count = count;
    }

    private void findLinesRun(Victims victims) {
        EntryIndex index = table.index();
        for (int i = 0; i < 2 * victims.count; i++) {
            long hash = index.hashOf(victims.entry[i >> 1], i & 1);
            victims.hash[i] = hash;
            victims.line[i] = index.line(hash);
        }
    }

    /** Of tuples that are not in their first line of the index leaves the second one. Returns how many. */
    private int findSecondLinesRun(Victims victims) {
        EntryIndex index = table.index();
        int count = 0;
        for (int i = 0; i < 2 * victims.count; i++) {
            long hash = victims.hash[i];
            if (index.candidate(victims.line[i], hash) == Conntrack.MISS) {
                victims.line[count++] = index.secondLine(hash);
            }
        }
        return count;
    }

    /**
     * Makes room for later connections of a family at the cost of one that never saw traffic both ways, or is ending; not where room is
     * about to be made already.
     */
    void evict(ConntrackWorker worker, boolean ipv6) {
        EntryLists lists = worker.lists(ipv6);
        if (table.pool(ipv6).hasEnoughSoon(lists)) {
            return;
        }
        Victims victims = lists.victims;
        while (victims.count > 0) {
            if (evict(worker, victims.entry[--victims.count])) {
                return;
            }
        }
        if (victims.missing > 0) {
            victims.missing--;
            return;
        }
        for (int i = 0; i < PROBES; i++) {
            if (evict(worker, probe(worker, ipv6 ? EntryPages.IPV6 : EntryPages.IPV4))) {
                return;
            }
        }
    }

    private boolean evict(ConntrackWorker worker, long entry) {
        boolean isEvicted = Entry.isLive(entry) && isEvictable(entry) && table.remove(worker, entry);
        worker.evicted += isEvicted ? 1 : 0;
        return isEvicted;
    }

    /** Removes a session affinity template at random, if it finds one. */
    void evictTemplate(ConntrackWorker worker) {
        for (int i = 0; i < PROBES; i++) {
            long entry = probe(worker, EntryPages.UNUSED);
            if (Entry.isLive(entry) && Entry.isTemplate(entry) && table.remove(worker, entry)) {
                worker.evicted++;
                return;
            }
        }
    }

    /** Returns an entry at random, of any family if that is {@link EntryPages#UNUSED}; one that is never live where none was found. */
    private long probe(ConntrackWorker worker, int wanted) {
        long top = pages.top();
        for (int i = 0; i < PAGE_PROBES && top > 1; i++) {
            worker.probe = worker.probe * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL;
            long page = 1 + Math.unsignedMultiplyHigh(worker.probe, top - 1);
            int family = pages.family(page);
            if (family != EntryPages.UNUSED && (wanted == EntryPages.UNUSED || family == wanted)) {
                int index = (int) ((worker.probe & 0xFFFF_FFFFL) * pages.entries(page, family) >>> 32);
                return pages.address(EntryPages.number(page, index, family));
            }
        }
        return pages.address(0);
    }

    /** Returns whether an entry goes where others need its room: without traffic both ways, or ending. */
    static boolean isEvictable(long entry) {
        if ((Entry.status(entry) & Entry.ASSURED) == 0) {
            return true;
        }
        int state = Entry.state(entry);
        return switch (Entry.protocol(entry)) {
            case FiveTuple.TCP -> state >= TcpState.FIN_WAIT && state <= TcpState.CLOSE;
            case FiveTuple.SCTP -> state >= SctpState.SHUTDOWN_SENT && state <= SctpState.SHUTDOWN_ACK_SENT;
            default -> Entry.isStale(entry);
        };
    }
}
