package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.SharedIndex;
import io.towpath.wire.Address;

/**
 * Enters connections into the table: both directions or neither, whatever other workers do at the same time. Any worker.
 *
 * <p>A tuple whose entry is being removed is free: who enters it takes the dying entry's references out and need not wait for its remover. That
 * one finds them gone. They are out for good, as the entry is not used again before this worker passed a quiescent point.
 */
final class Creation {
    /** Entries of one tuple that were made and removed while it is entered again. */
    private static final int HELP_LIMIT = 4;

    private final Conntrack table;
    private final EntryIndex index;
    private final Eviction eviction;

    Creation(Conntrack table, Eviction eviction) {
        this.table = table;
        this.index = table.index();
        this.eviction = eviction;
    }

    /** As {@link Conntrack#prepare}. */
    void prepare(ConntrackWorker worker, boolean ipv6, int creations) {
        EntryPool pool = table.pool(ipv6);
        EntryLists lists = worker.lists(ipv6);
        worker.loaded += pool.load(lists, creations);
        int evictions = Math.min(pool.runsOut(lists, creations), Math.min(creations, Victims.LIMIT));
        if (evictions > 0 && !pool.hasEnoughSoon(lists)) {
            eviction.prepare(worker, ipv6, evictions);
        }
    }

    /** As {@link Conntrack#create}. */
    long create(ConntrackWorker worker, long nowNs) {
        boolean ipv6 = !Address.isIpv4(worker.originalSourceHi, worker.originalSourceLo);
        EntryPool pool = table.pool(ipv6);
        EntryLists lists = worker.lists(ipv6);
        int number = pool.allocate(lists, table);
        if (number == 0) {
            eviction.evict(worker, ipv6);
            return Conntrack.FULL;
        }
        if (pool.isRunningOut(lists)) {
            eviction.evict(worker, ipv6); // for the next one: what goes now is free after the burst
        }
        long entry = table.pages().address(number);
        long originalHash = index.originalHash(worker, ipv6);
        long replyHash = index.replyHash(worker, ipv6);
        worker.loaded += load(entry, replyHash);
        Entry.begin(entry, ipv6, worker, Entry.tick(nowNs));
        int rival = insert(replyHash, number, 1);
        if (rival != 0) {
            pool.giveBack(lists, number);
            return isOfOriginal(rival, entry) ? Conntrack.CONFLICT_ORIGINAL : refusal(rival, Conntrack.CONFLICT_REPLY);
        }
        rival = insert(originalHash, number, 0);
        if (rival != 0 && EntryIndex.number(rival) != number) { // a tuple may be its own reverse
            index.remove(replyHash, number, 1);
            lists.retire(table, number);
            return refusal(rival, Conntrack.CONFLICT_ORIGINAL);
        }
        table.connections().created(worker, entry);
        Entry.lifeRelease(entry, Entry.LIVE);
        worker.created++;
        return entry;
    }

    /** As {@link EntryIndex#insert}; takes entries out on the way that have the tuple but are being removed. */
    private int insert(long tupleHash, int number, int direction) {
        int rival = index.insert(tupleHash, number, direction);
        for (int helped = 0; helped < HELP_LIMIT && rival > 0 && Entry.isLeaving(entry(rival)); helped++) {
            index.remove(entry(rival), EntryIndex.number(rival));
            rival = index.insert(tupleHash, number, direction);
        }
        return rival;
    }

    private long entry(int reference) {
        return table.pages().address(EntryIndex.number(reference));
    }

    /** Returns whether a rival is of the same connection: of two workers with a packet of one new tuple, both may have chosen the same backend. */
    private boolean isOfOriginal(int rival, long entry) {
        return rival > 0 && EntryTuple.isSame(entry(rival), 0, entry, 0);
    }

    private static long refusal(int rival, long conflict) {
        return rival > 0 ? conflict : rival == SharedIndex.FULL ? Conntrack.FULL : Conntrack.CONTENDED;
    }

    /** Has the lines that a creation writes on their way together, not one after the other. */
    private long load(long entry, long replyHash) {
        return index.loadLines(replyHash)
                + NativeMemory.getLong(entry)
                + NativeMemory.getLong(entry + EntryPages.LINE_BYTES);
    }
}
