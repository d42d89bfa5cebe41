package io.towpath.conntrack;

import io.towpath.packet.FiveTuple;

/** Removes entries that nobody ended: those that were idle for too long, and when the table is full those that matter least. */
final class Sweeper {
    /** Entries looked at when the table is full: the kernel's early_drop looks at 8 hash chains. */
    private static final int EVICTION_PROBES = 8;

    /** Pages looked at for one of the family. */
    private static final int PAGE_PROBES = 64;

    private final Conntrack table;
    private final EntryPages pages;
    private final Timeouts timeouts;
    private final int shares;

    /** @param shares workers that sweep, each its share of the pages */
    Sweeper(Conntrack table, EntryPages pages, Timeouts timeouts, int shares) {
        this.table = table;
        this.pages = pages;
        this.timeouts = timeouts;
        this.shares = shares;
    }

    int sweep(ConntrackWorker worker, long nowNs, int limit) {
        long top = pages.top();
        int removed = 0;
        for (int i = 0; i < limit; i++) {
            long page = worker.sweepPage * shares + worker.number() + 1;
            if (page >= top) {
                worker.sweepPage = 0;
                worker.sweepIndex = 0;
                break;
            }
            int family = pages.family(page);
            if (family == EntryPages.UNUSED || worker.sweepIndex >= pages.entries(page, family)) {
                worker.sweepPage++;
                worker.sweepIndex = 0;
                continue;
            }
            long entry = pages.address(EntryPages.number(page, worker.sweepIndex++, family));
            if (Entry.isLive(entry) && timeouts.expired(entry, nowNs) && table.remove(worker, entry)) {
                removed++;
            }
        }
        worker.expired += removed;
        return removed;
    }

    /**
     * Makes room for later connections of a family at the cost of one that never saw traffic both ways, or is ending; not where room is
     * about to be made already.
     */
    void evict(ConntrackWorker worker, boolean ipv6) {
        if (table.pool(ipv6).hasEnoughSoon(worker.lists(ipv6))) {
            return;
        }
        long entry = nextVictim(worker, ipv6);
        for (int i = 0; i < EVICTION_PROBES; i++) {
            if (entry != 0 && Entry.isLive(entry) && isEvictable(entry) && table.remove(worker, entry)) {
                worker.evicted++;
                return;
            }
            entry = probe(worker, ipv6 ? EntryPages.IPV6 : EntryPages.IPV4);
        }
    }

    /**
     * Returns the entry that was chosen two calls ago, and has the memory of those of the next two calls on its way: of one its state, of the
     * other its lines of the index. A flood finds everything at hand so.
     */
    private long nextVictim(ConntrackWorker worker, boolean ipv6) {
        EntryLists lists = worker.lists(ipv6);
        long victim = lists.nextVictim;
        lists.nextVictim = lists.victimAfter;
        lists.victimAfter = probe(worker, ipv6 ? EntryPages.IPV6 : EntryPages.IPV4);
        worker.loaded = (lists.victimAfter == 0 ? 0 : Entry.word(lists.victimAfter))
                + (lists.nextVictim == 0 ? 0 : table.index().loadLinesOf(lists.nextVictim));
        return victim;
    }

    /** Removes a session affinity template at random, if it finds one. */
    void evictTemplate(ConntrackWorker worker) {
        for (int i = 0; i < EVICTION_PROBES; i++) {
            long entry = probe(worker, EntryPages.UNUSED);
            if (entry != 0 && Entry.isLive(entry) && Entry.isTemplate(entry) && table.remove(worker, entry)) {
                worker.evicted++;
                return;
            }
        }
    }

    /** Returns an entry at random, of any family if that is {@link EntryPages#UNUSED}; 0 where none was found. */
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
        return 0;
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
