package io.towpath.conntrack;

import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.maps.SharedIndex;
import io.towpath.packet.FiveTuple;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Takes over the entries that an earlier process left, wherever it was when it ended: one pass, before any worker starts.
 *
 * <p><b>Why an entry's life is all that counts.</b> The index is not taken over but filled anew, with another secret. An entry becomes live
 * by the last store of its creation and dies by the first of its removal, so what is live is complete, no two live entries have a tuple in
 * common, and nothing else needs to be known of what is not: it is free. A process that ends in the middle of this pass leaves entries that
 * the next one takes over the same way.
 *
 * <p>An entry that cannot have been left so means that the file is damaged, and then nothing of it is used: an entry that sends packets
 * somewhere else is worse than none.
 */
public final class ConntrackTakeover {
    private static final int DIRECTION = 1;
    /** What was never used is looked at in pieces of this size: most of a table, most of the time. */
    private static final int PIECE_BYTES = 64 << 10;

    private static final MemorySegment ZEROS = Arena.global().allocate(PIECE_BYTES);

    private final Conntrack table;
    private final MemorySegment entries;
    private final EntryPool pool;
    private final EntryReview review;
    private final int backends;
    private final long nowNs;
    private int connections;

    /**
     * A table, and what it began with.
     *
     * @param connections of the earlier process; session affinity's templates are none
     */
    public record Resumed(Conntrack table, int connections) {}

    private ConntrackTakeover(Conntrack table, EntryReview review, int backends, long nowNs) {
        this.table = table;
        this.entries = table.entries();
        this.pool = table.pool();
        this.review = review;
        this.backends = backends;
        this.nowNs = nowNs;
    }

    /**
     * Makes a table that goes on with the connections that an earlier process left: all of them, or none where the store or their memory
     * says no. Parameters are those of {@link Conntrack#Conntrack}; the seed need not be the earlier one.
     *
     * @param review of the layers above
     * @param nowNs on the clock of {@code System.nanoTime}, which on Linux (CLOCK_MONOTONIC) is one for all processes
     */
    public static Resumed resume(
            MapStore store,
            ConntrackConfig config,
            int workers,
            int backends,
            long seed,
            Quiescence quiescence,
            EntryReview review,
            long nowNs) {
        RecordMap left = RecordMap.adopt(
                store, Conntrack.ENTRIES_MAP, Conntrack.ENTRIES_LAYOUT_VERSION, Entry.BYTES, config.maxEntries() + 1L);
        if (left != null) {
            Conntrack table = new Conntrack(store, left, config, workers, backends, seed, quiescence);
            ConntrackTakeover takeover = new ConntrackTakeover(table, review, backends, nowNs);
            String damage = takeover.run();
            if (damage == null) {
                return new Resumed(table, takeover.connections);
            }
            store.refuse(Conntrack.ENTRIES_MAP, damage);
        }
        return new Resumed(new Conntrack(store, config, workers, backends, seed, quiescence), 0);
    }

    /** Returns null, or what is damaged. */
    private String run() {
        long end = entries.byteSize() / Entry.BYTES;
        int top = 1;
        for (int number = 1; number < end; number++) {
            long entry = (long) number * Entry.BYTES;
            if (entry % PIECE_BYTES == 0 && isUnused(entry)) {
                number += PIECE_BYTES / Entry.BYTES - 1;
                continue;
            }
            String damage = damage(entry);
            if (damage == null && isKept(entry)) {
                damage = enter(number) ? null : "another one has its tuple";
                connections += isTemplate(entry) ? 0 : 1;
                pool.skipTo(top, number);
                top = number + 1;
            }
            if (damage != null) {
                return "entry " + number + " is damaged (" + damage + ")";
            }
        }
        pool.top(top);
        return null;
    }

    private boolean isUnused(long from) {
        long length = Math.min(PIECE_BYTES, entries.byteSize() - from);
        return MemorySegment.mismatch(entries, from, from + length, ZEROS, 0, length) < 0;
    }

    /** Returns whether an entry goes on; makes it free if not. */
    private boolean isKept(long entry) {
        int life = Entry.lifeAcquire(entries, entry);
        if (life == Entry.LIVE && keepIds(entry)) {
            return true;
        }
        if (life != Entry.FREE) {
            Entry.lifeRelease(entries, entry, Entry.FREE);
        }
        return false;
    }

    private boolean isTemplate(long entry) {
        return FiveTuple.protocol(Entry.transport(entries, entry)) == Entry.AFFINITY_TEMPLATE;
    }

    private String damage(long entry) {
        int life = Entry.lifeAcquire(entries, entry);
        if (life != Entry.LIVE) {
            return life == Entry.FREE || life == Entry.DYING ? null : "life " + life;
        }
        int protocol = FiveTuple.protocol(Entry.transport(entries, entry));
        if (protocol == 0 || protocol != FiveTuple.protocol(Entry.transport(entries, entry + Entry.REPLY_TUPLE))) {
            return "protocol " + protocol;
        }
        if (Entry.createdNs(entries, entry) > nowNs || Entry.lastSeenNs(entries, entry) > nowNs) {
            return "last seen in the future";
        }
        int endOfStates =
                switch (protocol) {
                    case FiveTuple.TCP -> TcpState.INVALID;
                    case FiveTuple.SCTP -> SctpState.INVALID;
                    default -> 1;
                };
        int state = Entry.state(entries, entry);
        if (state < 0
                || state >= endOfStates
                || (Entry.status(entries, entry) & ~(Entry.SEEN_REPLY | Entry.ASSURED)) != 0) {
            return "state " + state + ", status " + Entry.status(entries, entry);
        }
        int backendId = isTemplate(entry) ? Entry.templateBackendId(entries, entry) : Entry.backendId(entries, entry);
        if (backendId < 0 || backendId >= backends) {
            return "backend " + backendId;
        }
        return review.isIntact(entries, entry) ? null : "its parts do not fit together";
    }

    /**
     * Takes ids back that mean something else now, or nothing: the connection goes on without them. Returns false for a template, which is
     * nothing without its ids.
     */
    private boolean keepIds(long entry) {
        int serviceId = Entry.serviceId(entries, entry);
        if (isTemplate(entry)) {
            return review.isService(serviceId) && review.isBackend(Entry.templateBackendId(entries, entry), serviceId);
        }
        int backendId = Entry.backendId(entries, entry);
        long reply = entry + Entry.REPLY_TUPLE;
        boolean service = serviceId != 0 && review.isService(serviceId);
        boolean backend = service
                && review.isBackend(backendId, serviceId)
                && review.isBackendAt(
                        backendId,
                        Entry.sourceHi(entries, reply),
                        Entry.sourceLo(entries, reply),
                        FiveTuple.sourcePort(Entry.transport(entries, reply)));
        Entry.ids(entries, entry, service ? serviceId : 0, backend ? backendId : 0);
        return true;
    }

    /** Enters an entry's tuples; false if another entry has one of them. */
    private boolean enter(int number) {
        long entry = (long) number * Entry.BYTES;
        if (enter(table.hashOf(Entry.tuple(entry, 1)), number << 1 | DIRECTION) != 0) {
            return false;
        }
        int rival = enter(table.hashOf(entry), number << 1);
        if (rival != 0 && rival >> 1 != number) { // a tuple may be its own reverse
            return false;
        }
        table.connections().created(table.controlWorker(), entry);
        table.controlWorker().created++;
        return true;
    }

    private int enter(long hash, int reference) {
        int rival = table.index().insert(hash, reference, table.keys());
        while (rival == SharedIndex.FULL && table.index().makeRoom(hash, this::hash)) {
            rival = table.index().insert(hash, reference, table.keys());
        }
        return rival;
    }

    private long hash(int reference) {
        return table.hashOf(Entry.tuple((long) (reference >> 1) * Entry.BYTES, reference & DIRECTION));
    }
}
