package io.towpath.conntrack;

import io.towpath.packet.FiveTuple;
import java.lang.foreign.MemorySegment;

/** Removes entries that nobody ended: those that were idle for too long, and when the table is full those that matter least. */
final class Sweeper {
    /** Entries looked at when the table is full: the kernel's early_drop looks at 8 hash chains. */
    private static final int EVICTION_PROBES = 8;

    private final Conntrack table;
    private final MemorySegment entries;
    private final EntryPool pool;
    private final Timeouts timeouts;
    private final int shares;

    /** @param shares workers that sweep, each its share of the entries */
    Sweeper(Conntrack table, EntryPool pool, Timeouts timeouts, int shares) {
        this.table = table;
        this.entries = table.entries();
        this.pool = pool;
        this.timeouts = timeouts;
        this.shares = shares;
    }

    int sweep(ConntrackWorker worker, long nowNs, int limit) {
        long top = pool.top();
        int removed = 0;
        for (int i = 0; i < limit; i++) {
            long number = worker.sweepNext * shares + worker.number() + 1;
            if (number >= top) {
                worker.sweepNext = 0;
                break;
            }
            worker.sweepNext++;
            long entry = number * Entry.BYTES;
            if (Entry.lifeAcquire(entries, entry) == Entry.LIVE
                    && timeouts.expired(entries, entry, nowNs)
                    && table.remove(worker, entry)) {
                removed++;
            }
        }
        worker.expired += removed;
        return removed;
    }

    /** Makes room for later connections at the cost of one that never saw traffic both ways, or is ending. */
    void evict(ConntrackWorker worker) {
        long top = pool.top();
        for (int i = 0; i < EVICTION_PROBES; i++) {
            long entry = probe(worker, top);
            if (Entry.lifeAcquire(entries, entry) == Entry.LIVE && isEvictable(entry) && table.remove(worker, entry)) {
                worker.evicted++;
                return;
            }
        }
    }

    /** Removes a session affinity template at random, if it finds one. */
    void evictTemplate(ConntrackWorker worker) {
        long top = pool.top();
        for (int i = 0; i < EVICTION_PROBES; i++) {
            long entry = probe(worker, top);
            if (Entry.lifeAcquire(entries, entry) == Entry.LIVE
                    && Entry.isTemplate(entries, entry)
                    && table.remove(worker, entry)) {
                worker.evicted++;
                return;
            }
        }
    }

    private static long probe(ConntrackWorker worker, long top) {
        worker.probe = worker.probe * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL;
        return (1 + Math.unsignedMultiplyHigh(worker.probe, top - 1)) * Entry.BYTES;
    }

    private boolean isEvictable(long entry) {
        if ((Entry.status(entries, entry) & Entry.ASSURED) == 0) {
            return true;
        }
        int state = Entry.state(entries, entry);
        return switch (FiveTuple.protocol(Entry.transport(entries, entry))) {
            case FiveTuple.TCP -> state >= TcpState.FIN_WAIT && state <= TcpState.CLOSE;
            case FiveTuple.SCTP -> state >= SctpState.SHUTDOWN_SENT && state <= SctpState.SHUTDOWN_ACK_SENT;
            default -> false;
        };
    }
}
