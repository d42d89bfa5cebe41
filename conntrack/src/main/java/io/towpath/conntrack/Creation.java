package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.SharedIndex;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;

/** Enters connections into the table: both directions or neither, whatever other workers do at the same time. Any worker. */
final class Creation {
    private final Conntrack table;
    private final SharedIndex index;
    private final TupleHash hash;
    private final Sweeper sweeper;

    Creation(Conntrack table, TupleHash hash, Sweeper sweeper) {
        this.table = table;
        this.index = table.index();
        this.hash = hash;
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
        long replyHash = replyHash(worker, ipv6);
        worker.loaded = load(entry, replyHash);
        Entry.begin(entry, ipv6, worker, Entry.tick(nowNs));
        int rival = index.insert(replyHash, number << 1 | Conntrack.DIRECTION, table.keys());
        if (rival != 0) {
            pool.giveBack(lists, number);
            if (rival > 0) {
                // Of two workers with a packet of one new tuple, both may have chosen the same backend.
                return table.sameTuple(rival & ~Conntrack.DIRECTION, number << 1)
                        ? Conntrack.CONFLICT_ORIGINAL
                        : Conntrack.CONFLICT_REPLY;
            }
            return rival == SharedIndex.FULL ? Conntrack.FULL : Conntrack.CONTENDED;
        }
        rival = index.insert(table.hashOf(entry, 0), number << 1, table.keys());
        if (rival != 0 && rival >> 1 != number) { // a tuple may be its own reverse
            index.remove(replyHash, number << 1 | Conntrack.DIRECTION);
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

    /** Of the family of the original tuple: a template's reply tuple has an address of none. */
    private long replyHash(ConntrackWorker worker, boolean ipv6) {
        return ipv6
                ? hash.ipv6(
                        worker.replySourceHi,
                        worker.replySourceLo,
                        worker.replyDestinationHi,
                        worker.replyDestinationLo,
                        worker.replyTransport)
                : hash.ipv4(
                        FiveTuple.ipv4Addresses(worker.replySourceLo, worker.replyDestinationLo),
                        worker.replyTransport);
    }

    /** Has the lines that a creation writes on their way together, not one after the other. */
    private long load(long entry, long replyHash) {
        return NativeMemory.getLong(index.firstBucket(replyHash))
                + NativeMemory.getLong(index.secondBucket(replyHash))
                + NativeMemory.getLong(entry)
                + NativeMemory.getLong(entry + EntryPages.LINE_BYTES);
    }
}
