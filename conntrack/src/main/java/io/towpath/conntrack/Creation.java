package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.SharedIndex;
import io.towpath.wire.Address;

/** Enters connections into the table: both directions or neither, whatever other workers do at the same time. Any worker. */
final class Creation {
    private final Conntrack table;
    private final EntryIndex index;
    private final Sweeper sweeper;

    Creation(Conntrack table, Sweeper sweeper) {
        this.table = table;
        this.index = table.index();
        this.sweeper = sweeper;
    }

    /** As {@link Conntrack#create}. */
    long create(ConntrackWorker worker, long nowNs) {
        boolean ipv6 = !Address.isIpv4(worker.originalSourceHi, worker.originalSourceLo);
        EntryPool pool = table.pool(ipv6);
        EntryLists lists = worker.lists(ipv6);
        int number = pool.allocate(lists, table);
        if (number == 0) {
            sweeper.evict(worker, ipv6);
            return Conntrack.FULL;
        }
        if (pool.isRunningOut(lists)) {
            sweeper.evict(worker, ipv6); // for the next one: what goes now is free after the burst
        }
        long entry = table.pages().address(number);
        long replyHash = index.replyHash(worker, ipv6);
        worker.loaded = load(entry, replyHash);
        Entry.begin(entry, ipv6, worker, Entry.tick(nowNs));
        int rival = index.insert(replyHash, number, 1);
        if (rival != 0) {
            pool.giveBack(lists, number);
            if (rival > 0) {
                // Of two workers with a packet of one new tuple, both may have chosen the same backend.
                return EntryTuple.isSame(table.pages().address(EntryIndex.number(rival)), 0, entry, 0)
                        ? Conntrack.CONFLICT_ORIGINAL
                        : Conntrack.CONFLICT_REPLY;
            }
            return rival == SharedIndex.FULL ? Conntrack.FULL : Conntrack.CONTENDED;
        }
        rival = index.insert(index.hashOf(entry, 0), number, 0);
        if (rival != 0 && EntryIndex.number(rival) != number) { // a tuple may be its own reverse
            index.remove(replyHash, number, 1);
            lists.retire(table, number);
            return rival > 0
                    ? Conntrack.CONFLICT_ORIGINAL
                    : rival == SharedIndex.FULL ? Conntrack.FULL : Conntrack.CONTENDED;
        }
        table.connections().created(worker, entry);
        Entry.lifeRelease(entry, Entry.LIVE);
        worker.created++;
        return entry;
    }

    /** Has the lines that a creation writes on their way together, not one after the other. */
    private long load(long entry, long replyHash) {
        return index.loadLines(replyHash)
                + NativeMemory.getLong(entry)
                + NativeMemory.getLong(entry + EntryPages.LINE_BYTES);
    }
}
