package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.maps.SharedIndex;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Sctp;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/**
 * The connection table. Any worker may look up, create, update and remove any entry, without locks; nothing here allocates.
 *
 * <p>A handle is an entry's address with the direction in bit 0 (0 original, 1 reply). It is good until the worker's next quiescent point:
 * a removed entry is reused only after all workers passed one.
 */
public final class Conntrack {
    public static final String ENTRIES_MAP = "conntrack-entries";
    static final int ENTRIES_LAYOUT_VERSION = 4;

    /** {@link #lookup}: no such connection. */
    public static final long MISS = -1;

    /** {@link #create}: another worker made an entry of the original tuple. */
    public static final long CONFLICT_ORIGINAL = -2;
    /** {@link #create}: another connection has the reply tuple. */
    public static final long CONFLICT_REPLY = -3;
    /** {@link #create}: no room, and nothing could be evicted at once. */
    public static final long FULL = -4;
    /** {@link #create}: other workers got in the way too often. */
    public static final long CONTENDED = -5;

    public static final int TRACK_OK = 0;
    /** The packet does not fit the connection's state and changed nothing. */
    public static final int TRACK_INVALID = 1;
    /** The connection is over, and the packet begins a new one on its tuple: remove the entry and create anew. */
    public static final int TRACK_REOPEN = 2;

    static final int DIRECTION = 1;
    private static final long REFERENCES = 2;

    /** Session affinity templates at most: one entry in so many. */
    private static final int TEMPLATE_SHARE = 4;

    private final SharedIndex index;
    private final EntryPages pages;
    private final EntryPool ipv4Pool;
    private final EntryPool ipv6Pool;
    private final Quiescence quiescence;
    private final BackendConnections connections;
    private final Tracker tracker;
    private final Sweeper sweeper;
    private final Creation creation;
    private final SharedIndex.Keys keys = this::sameTuple;
    private final ConntrackWorker[] workers;
    private final long templateLimit;
    private final ConntrackWorker controlWorker;
    private final TupleHash hash;

    /**
     * Creates an empty table.
     *
     * @param workers threads that use it, besides the control thread
     * @param backends numbers of backends end below this
     * @param seed of the hash; secret
     */
    public Conntrack(
            MapStore store, ConntrackConfig config, int workers, int backends, long seed, Quiescence quiescence) {
        this(
                store,
                EntryPages.create(store, memory(store, config), config.maxEntries()),
                config,
                workers,
                backends,
                seed,
                quiescence);
    }

    private static RecordMap memory(MapStore store, ConntrackConfig config) {
        long count = EntryPages.records(config.maxEntries());
        return RecordMap.create(store, ENTRIES_MAP, ENTRIES_LAYOUT_VERSION, Entry.IPV4_BYTES, count);
    }

    /** As the public one, over entries that {@link ConntrackTakeover} has still to look at. */
    Conntrack(
            MapStore store,
            EntryPages pages,
            ConntrackConfig config,
            int workers,
            int backends,
            long seed,
            Quiescence quiescence) {
        this.hash = new TupleHash(seed);
        this.quiescence = quiescence;
        this.index = SharedIndex.create(store, "conntrack-index", REFERENCES * config.maxEntries());
        this.pages = pages;
        this.ipv4Pool = new EntryPool(pages, EntryPages.IPV4, config.maxEntries());
        this.ipv6Pool = new EntryPool(pages, EntryPages.IPV6, config.maxEntries());
        this.connections = new BackendConnections(store, workers + 1, backends);
        Timeouts timeouts = new Timeouts(config);
        this.tracker = new Tracker(connections, timeouts, config.tcpLiberal());
        this.sweeper = new Sweeper(this, pages, timeouts, workers);
        this.creation = new Creation(this, hash, sweeper);
        this.workers = new ConntrackWorker[workers];
        for (int i = 0; i < workers; i++) {
            this.workers[i] = ConntrackWorker.worker(i);
        }
        this.controlWorker = ConntrackWorker.control(workers);
        this.templateLimit = Math.max(1, config.maxEntries() / TEMPLATE_SHARE);
    }

    public ConntrackWorker worker(int number) {
        return workers[number];
    }

    /**
     * Returns the control thread's part. The thread may read entries and {@link #remove} them while it is online in the
     * {@link Quiescence}; it calls {@link #recycle} now and then while it is not.
     */
    public ConntrackWorker controlWorker() {
        return controlWorker;
    }

    EntryPages pages() {
        return pages;
    }

    EntryPool pool(boolean ipv6) {
        return ipv6 ? ipv6Pool : ipv4Pool;
    }

    SharedIndex index() {
        return index;
    }

    SharedIndex.Keys keys() {
        return keys;
    }

    BackendConnections connections() {
        return connections;
    }

    Quiescence quiescence() {
        return quiescence;
    }

    void link(int entry, int next) {
        Entry.link(pages.address(entry), next);
    }

    /** Before a further session affinity template: displaces one if they have their share, so that they never crowd out connections. */
    public void makeRoomForTemplate(ConntrackWorker worker) {
        if (connections.templates() >= templateLimit) {
            sweeper.evictTemplate(worker);
        }
    }

    /** Returns the address of a handle's entry. */
    public static long entry(long handle) {
        return NativeMemory.known(handle) & ~(long) DIRECTION;
    }

    /** Returns 0 for the original direction, 1 for the reply direction. */
    public static int direction(long handle) {
        return (int) handle & DIRECTION;
    }

    /** Returns the seeded hash of an IPv4 five-tuple: {@link FiveTuple#ipv4Addresses}, {@link FiveTuple#transport}. */
    public long ipv4Hash(long addresses, long transport) {
        return hash.ipv4(addresses, transport);
    }

    /** Returns the seeded hash of a five-tuple of the family that its source has. */
    public long hash(long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        return Address.isIpv4(sourceHi, sourceLo)
                ? hash.ipv4(FiveTuple.ipv4Addresses(sourceLo, destinationLo), transport)
                : hash.ipv6(sourceHi, sourceLo, destinationHi, destinationLo, transport);
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
     * Returns the handle that a hash probably belongs to, by its tag; {@link #MISS} where its first line of the index has none.
     *
     * @param line {@link #line} of the hash
     */
    public long candidate(long line, long tupleHash) {
        long found = index.next(line, tupleHash, 0);
        return found < 0 ? MISS : handle(found);
    }

    private long handle(long found) {
        int reference = (int) found;
        return pages.address(reference >>> 1) | reference & DIRECTION;
    }

    /** Returns whether a candidate has a five-tuple of IPv4. */
    public static boolean isIpv4(long candidate, long addresses, long transport) {
        return Entry.isIpv4(
                entry(candidate),
                direction(candidate),
                addresses,
                FiveTuple.ports(transport),
                Entry.ipv4Kind(transport));
    }

    /** Returns whether a candidate has a five-tuple of IPv6. */
    public static boolean isIpv6(
            long candidate, long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        return Entry.isIpv6(
                entry(candidate),
                direction(candidate),
                sourceHi,
                sourceLo,
                destinationHi,
                destinationLo,
                FiveTuple.ports(transport),
                Entry.ipv6Kind(transport));
    }

    /** Returns the handle of the connection and direction that has the five-tuple, or {@link #MISS}. Refreshes nothing. */
    public long lookup(
            long tupleHash, long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long first = index.firstBucket(tupleHash);
        long second = index.secondBucket(tupleHash);
        if (Address.isIpv4(sourceHi, sourceLo)) {
            long addresses = FiveTuple.ipv4Addresses(sourceLo, destinationLo);
            long handle = lookupIpv4(first, tupleHash, addresses, transport);
            return handle != MISS ? handle : lookupIpv4(second, tupleHash, addresses, transport);
        }
        long handle = lookupIpv6(first, tupleHash, sourceHi, sourceLo, destinationHi, destinationLo, transport);
        return handle != MISS
                ? handle
                : lookupIpv6(second, tupleHash, sourceHi, sourceLo, destinationHi, destinationLo, transport);
    }

    private long lookupIpv4(long bucket, long tupleHash, long addresses, long transport) {
        long found = index.next(bucket, tupleHash, 0);
        while (found >= 0) {
            long handle = handle(found);
            if (isIpv4(handle, addresses, transport)) {
                return handle;
            }
            found = index.next(bucket, tupleHash, (int) (found >>> 32) + 1);
        }
        return MISS;
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
            long handle = handle(found);
            if (isIpv6(handle, sourceHi, sourceLo, destinationHi, destinationLo, transport)) {
                return handle;
            }
            found = index.next(bucket, tupleHash, (int) (found >>> 32) + 1);
        }
        return MISS;
    }

    /** Returns whether a packet may begin a connection; others are invalid where there is no entry. */
    public static boolean opens(long transport, MemorySegment frames, long l4) {
        return switch (FiveTuple.protocol(transport)) {
            case FiveTuple.TCP -> TcpTracker.opens(io.towpath.wire.Tcp.flags(frames, l4));
            case FiveTuple.SCTP -> SctpTracker.opens(Sctp.firstChunk(frames, l4));
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> FiveTuple.destinationPort(transport) == 0;
            default -> true;
        };
    }

    /**
     * Enters the connection whose tuples and rewrite stand in the worker's arguments: both directions or neither.
     *
     * @return its handle in the original direction, or one of the negative constants
     */
    public long create(ConntrackWorker worker, long nowNs) {
        return creation.create(worker, nowNs);
    }

    /** Has the lines of the index on their way that an entry's removal writes. */
    long loadLines(long entry) {
        return NativeMemory.getLong(index.firstBucket(hashOf(entry, 0)))
                + NativeMemory.getLong(index.firstBucket(hashOf(entry, 1)));
    }

    long hashOf(long entry, int direction) {
        if (Entry.isIpv4(entry)) {
            return hash.ipv4(Entry.addresses(entry, direction), Entry.transport(entry, direction));
        }
        return hash.ipv6(
                Entry.sourceHi(entry, direction),
                Entry.sourceLo(entry, direction),
                Entry.destinationHi(entry, direction),
                Entry.destinationLo(entry, direction),
                Entry.transport(entry, direction));
    }

    boolean sameTuple(int reference, int otherReference) {
        return Entry.isSameTuple(
                pages.address(reference >> 1),
                reference & DIRECTION,
                pages.address(otherReference >> 1),
                otherReference & DIRECTION);
    }

    /**
     * Does what {@link #isIpv4} and {@link #track} do for the packets that there are most of: plain segments of established TCP connections
     * over IPv4, which are seldom idle.
     *
     * @param candidate of the packet's hash
     * @return false for a packet that takes a closer look; nothing is changed then
     */
    public boolean passesIpv4(
            long candidate,
            long addresses,
            long transport,
            MemorySegment frames,
            long l4,
            int l4Length,
            int bytes,
            long nowNs) {
        long entry = entry(candidate);
        int direction = direction(candidate);
        return FiveTuple.protocol(transport) == FiveTuple.TCP
                && Entry.isEstablishedIpv4Tcp(Entry.wordAcquire(entry))
                && Entry.hasIpv4(entry, direction, addresses, FiveTuple.ports(transport))
                && tracker.passesRecent(entry, direction, frames, l4, l4Length, bytes, Entry.tick(nowNs));
    }

    /** As {@link #passesIpv4}. */
    public boolean passesIpv6(
            long candidate,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long transport,
            MemorySegment frames,
            long l4,
            int l4Length,
            int bytes,
            long nowNs) {
        long entry = entry(candidate);
        int direction = direction(candidate);
        return FiveTuple.protocol(transport) == FiveTuple.TCP
                && Entry.isEstablishedIpv6Tcp(Entry.wordAcquire(entry))
                && Entry.hasIpv6(
                        entry, direction, sourceHi, sourceLo, destinationHi, destinationLo, FiveTuple.ports(transport))
                && tracker.passesRecent(entry, direction, frames, l4, l4Length, bytes, Entry.tick(nowNs));
    }

    /**
     * Moves a connection on by one packet, refreshes and counts it.
     *
     * @param l4 start of the transport header in {@code frames}
     * @param l4Length bytes of the transport header and payload
     * @param bytes to count
     */
    public int track(
            ConntrackWorker worker, long handle, MemorySegment frames, long l4, int l4Length, int bytes, long nowNs) {
        int result = tracker.track(worker, entry(handle), direction(handle), frames, l4, l4Length, bytes, nowNs);
        if (result == Tracker.LAST || result == Tracker.REFUSED) {
            remove(worker, handle); // the packet goes on by what the entry says until the next quiescent point
            return result == Tracker.LAST ? TRACK_OK : TRACK_INVALID;
        }
        return result;
    }

    /** Marks an entry as in use now, for one that no packet belongs to: a session affinity template. */
    public void refresh(long handle, long nowNs) {
        Entry.lastSeenTick(entry(handle), Entry.tick(nowNs));
    }

    /** Removes an entry. Returns false if another worker does. */
    public boolean remove(ConntrackWorker worker, long handle) {
        long entry = entry(handle);
        if (!Entry.beginRemoval(entry)) {
            return false;
        }
        connections.removed(worker, entry);
        worker.ended++;
        int number = pages.number(entry);
        index.remove(hashOf(entry, 0), number << 1);
        index.remove(hashOf(entry, 1), number << 1 | DIRECTION);
        Entry.lifeRelease(entry, Entry.FREE);
        worker.lists(!Entry.isIpv4(entry)).retire(this, number);
        return true;
    }

    /** Looks at the next {@code limit} entries of the worker's share and removes the expired ones. Returns how many. Workers only. */
    public int sweep(ConntrackWorker worker, long nowNs, int limit) {
        int removed = sweeper.sweep(worker, nowNs, limit);
        recycle(worker);
        return removed;
    }

    /** Makes entries free that the thread removed, once no worker can be looking at them any more. A sweep does it, too. */
    public void recycle(ConntrackWorker worker) {
        recycle(worker, false);
        recycle(worker, true);
    }

    private void recycle(ConntrackWorker worker, boolean ipv6) {
        worker.lists(ipv6).reclaim(this);
        pool(ipv6).share(worker.lists(ipv6));
    }

    /** Returns the number behind the last page of entries that was ever in use. */
    public long pagesEnd() {
        return pages.top();
    }

    /**
     * Visits the live entries of some pages, templates included: those from 1 to {@link #pagesEnd} have all. What a visitor sees may be read
     * until the thread's next quiescent point.
     */
    public void forEachLive(long fromPage, long endPage, LongConsumer visitor) {
        for (long page = fromPage; page < endPage; page++) {
            int family = pages.family(page);
            int count = family == EntryPages.UNUSED ? 0 : pages.entries(page, family);
            for (int i = 0; i < count; i++) {
                long entry = pages.address(EntryPages.number(page, i, family));
                if (isLive(entry)) {
                    visitor.accept(entry);
                }
            }
        }
    }

    /** Returns whether there is a connection at an entry. */
    static boolean isLive(long entry) {
        return Entry.lifeOf(Entry.wordAcquire(entry)) == Entry.LIVE;
    }

    /** Returns how many connections of a backend are established, or have no such state. Any thread. */
    public long activeConnections(int backendId) {
        return connections.active(backendId);
    }

    /** Returns how many connections a backend has. Any thread. */
    public long connections(int backendId) {
        return connections.all(backendId);
    }
}
