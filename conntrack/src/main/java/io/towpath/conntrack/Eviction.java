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
        int others = findSlotsRun(victims);
        worker.loaded += NativeMemory.load(victims.line, others, 0);
        findSecondSlotsRun(victims);
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
            victims.entry[count] = entry; // by chance one or the other: nothing that a branch could foresee
            count += evictable(Entry.wordAcquire(entry));
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
    private int findSlotsRun(Victims victims) {
        int count = 0;
        for (int i = 0; i < 2 * victims.count; i++) {
            long slot = slot(victims, i, victims.line[i]);
            victims.slot[i] = slot;
            if (slot == 0) {
                victims.line[count++] = table.index().secondLine(victims.hash[i]);
            }
        }
        return count;
    }

    private void findSecondSlotsRun(Victims victims) {
        int count = 0;
        for (int i = 0; i < 2 * victims.count; i++) {
            if (victims.slot[i] == 0) {
                victims.slot[i] = slot(victims, i, victims.line[count++]);
            }
        }
    }

    private long slot(Victims victims, int i, long line) {
        return table.index().slot(line, victims.hash[i], pages.number(victims.entry[i >> 1]), i & 1);
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
            int i = --victims.count;
            long entry = victims.entry[i];
            if (isEvictable(entry) && table.displace(worker, entry, victims.slot[2 * i], victims.slot[2 * i + 1])) {
                return;
            }
        }
        if (victims.missing > 0) {
            victims.missing--;
        } else {
            evictAnyOthers(worker, ipv6);
        }
    }

    /** Not part of the caller: a flood finds its victims prepared. */
    private void evictAnyOthers(ConntrackWorker worker, boolean ipv6) {
        for (int i = 0; i < PROBES; i++) {
            long entry = probe(worker, ipv6 ? EntryPages.IPV6 : EntryPages.IPV4);
            if (isEvictable(entry) && table.remove(worker, entry)) {
                worker.evicted++;
                return;
            }
        }
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
        return evictable(Entry.wordAcquire(entry)) != 0;
    }

    /** Returns 1 for the word of such an entry, 0 for others. */
    private static int evictable(int word) {
        int unassured = Entry.statusOf(~word) / Entry.ASSURED;
        int ending = endingStates(Entry.protocolOf(word)) >>> Entry.stateOf(word);
        return Entry.lifeOf(word) & Entry.LIVE & (unassured | ending);
    }

    /** Returns a bit for each state in which a protocol's connections are ending. */
    private static int endingStates(int protocol) {
        return switch (protocol) {
            case FiveTuple.TCP -> (2 << TcpState.CLOSE) - (1 << TcpState.FIN_WAIT);
            case FiveTuple.SCTP -> (2 << SctpState.SHUTDOWN_ACK_SENT) - (1 << SctpState.SHUTDOWN_SENT);
            case FiveTuple.UDP -> 1 << UdpTracker.STALE;
            default -> 0;
        };
    }
}
