package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.MapStore;
import io.towpath.maps.SharedIndex;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;

/**
 * Finds entries by their five-tuples: two references an entry, one a direction, in a {@link SharedIndex} under a seeded hash of the tuple. Any
 * thread, without locks; what is found is a handle ({@link Conntrack}).
 *
 * <p>{@link #lookup} does all in one go. Who has a whole burst to look up takes the same way in steps, each for all packets: {@link #line},
 * {@link #candidate}, then the compare.
 */
public final class EntryIndex {
    private static final int REFERENCES_PER_ENTRY = 2;
    private static final int DIRECTION = 1;

    private final SharedIndex index;
    private final SharedIndex.Keys keys = this::isSameTuple;
    private final EntryPages pages;
    private final TupleHash hash;

    EntryIndex(MapStore store, EntryPages pages, long maxEntries, TupleHash hash) {
        this.index = SharedIndex.create(store, "conntrack-index", REFERENCES_PER_ENTRY * maxEntries);
        this.pages = pages;
        this.hash = hash;
    }

    /** Returns the seeded hash of a five-tuple of the family that its source has. */
    public long hash(long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        return Address.isIpv4(sourceHi, sourceLo)
                ? hash.ipv4(FiveTuple.ipv4Addresses(sourceLo, destinationLo), transport)
                : hash.ipv6(sourceHi, sourceLo, destinationHi, destinationLo, transport);
    }

    /** As {@link #hash}, of an IPv4 five-tuple: {@link FiveTuple#ipv4Addresses}, {@link FiveTuple#transport}. */
    public long hashIpv4(long addresses, long transport) {
        return hash.ipv4(addresses, transport);
    }

    /** Returns the hash of an entry's tuple. */
    long hashOf(long entry, int direction) {
        if (Entry.isIpv4(entry)) {
            return hash.ipv4(EntryTuple.addresses(entry, direction), EntryTuple.transport(entry, direction));
        }
        return hash.ipv6(
                EntryTuple.sourceHi(entry, direction),
                EntryTuple.sourceLo(entry, direction),
                EntryTuple.destinationHi(entry, direction),
                EntryTuple.destinationLo(entry, direction),
                EntryTuple.transport(entry, direction));
    }

    /** As {@link #replyHash}, of the original tuple. */
    long originalHash(ConntrackWorker arguments, boolean ipv6) {
        return hash(
                ipv6,
                arguments.originalSourceHi,
                arguments.originalSourceLo,
                arguments.originalDestinationHi,
                arguments.originalDestinationLo,
                arguments.originalTransport);
    }

    /**
     * Returns the hash of the reply tuple of an entry to be, of the family of its original tuple: a template's reply tuple has an address of
     * none.
     */
    long replyHash(ConntrackWorker arguments, boolean ipv6) {
        return hash(
                ipv6,
                arguments.replySourceHi,
                arguments.replySourceLo,
                arguments.replyDestinationHi,
                arguments.replyDestinationLo,
                arguments.replyTransport);
    }

    private long hash(
            boolean ipv6, long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        return ipv6
                ? hash.ipv6(sourceHi, sourceLo, destinationHi, destinationLo, transport)
                : hash.ipv4(FiveTuple.ipv4Addresses(sourceLo, destinationLo), transport);
    }

    /** Returns the address of the line of the index in which a hash is looked for first. */
    public long line(long tupleHash) {
        return index.firstBucket(tupleHash);
    }

    /** Returns the address of the line in which it is looked for next. */
    public long secondLine(long tupleHash) {
        return index.secondBucket(tupleHash);
    }

    /**
     * Returns the handle that a hash probably belongs to, by its tag; {@link Conntrack#MISS} where its first line has none.
     *
     * @param line {@link #line} of the hash
     */
    public long candidate(long line, long tupleHash) {
        int reference = index.first(line, tupleHash);
        return reference == 0 ? Conntrack.MISS : handle(reference);
    }

    private long handle(int reference) {
        return pages.address(number(reference)) | reference & DIRECTION;
    }

    /** Returns whether a handle's entry is live. */
    public static boolean isLive(long handle) {
        return Entry.isLive(Conntrack.entry(handle));
    }

    /** Returns whether a candidate is live and has an IPv4 five-tuple: {@link FiveTuple#ipv4Addresses}, {@link FiveTuple#transport}. */
    public static boolean isIpv4(long candidate, long addresses, long transport) {
        long entry = Conntrack.entry(candidate);
        return Entry.isLiveIpv4(Entry.wordAcquire(entry), FiveTuple.protocol(transport))
                && EntryTuple.hasIpv4(entry, Conntrack.direction(candidate), addresses, FiveTuple.ports(transport));
    }

    /** As {@link #isIpv4}, for an IPv6 five-tuple. */
    public static boolean isIpv6(
            long candidate, long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long entry = Conntrack.entry(candidate);
        return Entry.isLiveIpv6(Entry.wordAcquire(entry), FiveTuple.protocol(transport))
                && EntryTuple.hasIpv6(
                        entry,
                        Conntrack.direction(candidate),
                        sourceHi,
                        sourceLo,
                        destinationHi,
                        destinationLo,
                        FiveTuple.ports(transport));
    }

    /** Returns the handle of the connection and direction that has the five-tuple, or {@link Conntrack#MISS}. Refreshes nothing. */
    public long lookup(
            long tupleHash, long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long first = index.firstBucket(tupleHash);
        long second = index.secondBucket(tupleHash);
        if (Address.isIpv4(sourceHi, sourceLo)) {
            long addresses = FiveTuple.ipv4Addresses(sourceLo, destinationLo);
            long handle = lookupIpv4(first, tupleHash, addresses, transport);
            return handle != Conntrack.MISS ? handle : lookupIpv4(second, tupleHash, addresses, transport);
        }
        long handle = lookupIpv6(first, tupleHash, sourceHi, sourceLo, destinationHi, destinationLo, transport);
        return handle != Conntrack.MISS
                ? handle
                : lookupIpv6(second, tupleHash, sourceHi, sourceLo, destinationHi, destinationLo, transport);
    }

    private long lookupIpv4(long bucket, long tupleHash, long addresses, long transport) {
        long found = index.next(bucket, tupleHash, 0);
        while (found >= 0) {
            long handle = handle((int) found);
            if (isIpv4(handle, addresses, transport)) {
                return handle;
            }
            found = index.next(bucket, tupleHash, (int) (found >>> 32) + 1);
        }
        return Conntrack.MISS;
    }

    private long lookupIpv6(
            long bucket,
            long tupleHash,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long transport) {
        long found = index.next(bucket, tupleHash, 0);
        while (found >= 0) {
            long handle = handle((int) found);
            if (isIpv6(handle, sourceHi, sourceLo, destinationHi, destinationLo, transport)) {
                return handle;
            }
            found = index.next(bucket, tupleHash, (int) (found >>> 32) + 1);
        }
        return Conntrack.MISS;
    }

    /**
     * Enters an entry's tuple unless another entry has it.
     *
     * @param tupleHash {@link #hashOf} the entry and direction
     * @param number of the entry ({@link EntryPages})
     * @return 0 if entered, the {@link #reference} of what has the tuple, {@link SharedIndex#FULL} or {@link SharedIndex#CONTENDED}
     */
    int insert(long tupleHash, int number, int direction) {
        return index.insert(tupleHash, reference(number, direction), keys);
    }

    /** As {@link #insert}, where there is no room by moving others; only while one thread alone uses the index. */
    int insertAlone(long tupleHash, int number, int direction) {
        int rival = insert(tupleHash, number, direction);
        while (rival == SharedIndex.FULL && index.makeRoom(tupleHash, this::hashOf)) {
            rival = insert(tupleHash, number, direction);
        }
        return rival;
    }

    private long hashOf(int reference) {
        return hashOf(pages.address(number(reference)), reference & DIRECTION);
    }

    /** Takes a direction of an entry out. Returns false if it is not there. */
    boolean remove(long tupleHash, int number, int direction) {
        return index.remove(tupleHash, reference(number, direction));
    }

    /** Takes both directions of an entry out, as far as they are there. */
    void remove(long entry, int number) {
        index.remove(hashOf(entry, 0), reference(number, 0));
        index.remove(hashOf(entry, 1), reference(number, 1));
    }

    /**
     * As {@link #remove(long, int)}, for an entry of which it is known where it is; looked for only where that is not true any more.
     *
     * @param originalSlot {@link #slot} of the original direction, 0 where it is not known
     */
    void remove(long entry, int number, long originalSlot, long replySlot) {
        boolean isOriginalGone = originalSlot != 0 && index.removeAt(originalSlot, reference(number, 0));
        boolean isReplyGone = replySlot != 0 && index.removeAt(replySlot, reference(number, 1));
        if (!isOriginalGone || !isReplyGone) {
            remove(entry, number);
        }
    }

    /** Returns where in a line of the index a direction of an entry is: an address, 0 where it is not there. */
    long slot(long line, long tupleHash, int number, int direction) {
        return index.slot(line, tupleHash, reference(number, direction));
    }

    /** Returns what the index has for an entry's direction, above 0. */
    static int reference(int number, int direction) {
        return number << 1 | direction;
    }

    /** Returns the number of the entry that a reference is for. */
    static int number(int reference) {
        return reference >> 1;
    }

    /** Returns whether two references are for tuples of one family that are the same. */
    private boolean isSameTuple(int reference, int otherReference) {
        return EntryTuple.isSame(
                pages.address(number(reference)),
                reference & DIRECTION,
                pages.address(number(otherReference)),
                otherReference & DIRECTION);
    }

    /** Has the lines on their way that an insertion of the hash reads and writes. */
    long loadLines(long tupleHash) {
        return NativeMemory.getLong(index.firstBucket(tupleHash)) + NativeMemory.getLong(index.secondBucket(tupleHash));
    }
}
