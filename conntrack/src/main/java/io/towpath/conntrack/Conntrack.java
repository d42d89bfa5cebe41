package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.maps.SharedIndex;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Sctp;
import java.lang.foreign.MemorySegment;

/**
 * The connection table. Any worker may look up, create, update and remove any entry, without locks; nothing here allocates.
 *
 * <p>A handle is an entry's offset with the direction in bit 0 (0 original, 1 reply). It is good until the worker's next quiescent point:
 * a removed entry is reused only after all workers passed one.
 */
public final class Conntrack {
    public static final String ENTRIES_MAP = "conntrack-entries";
    static final int ENTRIES_LAYOUT_VERSION = 2;

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

    private static final int DIRECTION = 1;
    /** Room for twice the two references of each entry: even in a full table, one in a million finds both of its buckets taken. */
    private static final long INDEX_ROOM = 4;

    /** Session affinity templates at most: one entry in so many. */
    private static final int TEMPLATE_SHARE = 4;

    private final SharedIndex index;
    private final MemorySegment entries;
    private final EntryPool pool;
    private final Quiescence quiescence;
    private final BackendConnections connections;
    private final Tracker tracker;
    private final Sweeper sweeper;
    private final SharedIndex.Keys keys = this::sameTuple;
    private final ConntrackWorker[] workers;
    private final long templateLimit;
    private final ConntrackWorker controlWorker;
    private final long seed;

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
                RecordMap.create(store, ENTRIES_MAP, ENTRIES_LAYOUT_VERSION, Entry.BYTES, config.maxEntries() + 1L),
                config,
                workers,
                backends,
                seed,
                quiescence);
    }

    /** As the public one, over entries that {@link ConntrackTakeover} has still to look at. */
    Conntrack(
            MapStore store,
            RecordMap records,
            ConntrackConfig config,
            int workers,
            int backends,
            long seed,
            Quiescence quiescence) {
        this.seed = seed;
        this.quiescence = quiescence;
        this.index = SharedIndex.create(store, "conntrack-index", INDEX_ROOM * config.maxEntries());
        this.entries = records.data();
        this.pool = new EntryPool(entries, config.maxEntries());
        this.connections = new BackendConnections(store, entries, workers + 1, backends);
        Timeouts timeouts = new Timeouts(config);
        this.tracker = new Tracker(entries, connections, timeouts, config.tcpLiberal());
        this.sweeper = new Sweeper(this, pool, timeouts, workers);
        this.workers = new ConntrackWorker[workers];
        for (int i = 0; i < workers; i++) {
            this.workers[i] = ConntrackWorker.worker(i);
        }
        this.controlWorker = ConntrackWorker.control(workers);
        this.templateLimit = Math.max(1, config.maxEntries() / TEMPLATE_SHARE);
    }

    /** Returns the memory that handles point into. */
    public MemorySegment entries() {
        return entries;
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

    EntryPool pool() {
        return pool;
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
        Entry.link(entries, (long) entry * Entry.BYTES, next);
    }

    /** Before a further session affinity template: displaces one if they have their share, so that they never crowd out connections. */
    public void makeRoomForTemplate(ConntrackWorker worker) {
        if (connections.templates() >= templateLimit) {
            sweeper.evictTemplate(worker);
        }
    }

    /** Gives all workers a chain of linked free entries. */
    void share(int first, int last) {
        pool.share(first, last);
    }

    /** Returns the start of a handle's entry. */
    public static long entry(long handle) {
        return handle & ~(long) DIRECTION;
    }

    /** Returns 0 for the original direction, 1 for the reply direction. */
    public static int direction(long handle) {
        return (int) handle & DIRECTION;
    }

    /** Returns the start of the tuple that packets of the handle's direction have. */
    public static long tuple(long handle) {
        return Entry.tuple(entry(handle), direction(handle));
    }

    /** Returns the start of the other direction's tuple, whose reverse is what packets are rewritten to. */
    public static long otherTuple(long handle) {
        return Entry.tuple(entry(handle), 1 - direction(handle));
    }

    /** Returns the seeded hash of a five-tuple. */
    public long hash(long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long a = (sourceLo ^ seed) * 0x9E3779B97F4A7C15L;
        long b = (destinationLo ^ transport) * 0xC2B2AE3D27D4EB4FL;
        long c = (sourceHi ^ Long.rotateLeft(destinationHi, 32)) * 0x165667B19E3779F9L;
        long h = (a ^ a >>> 32) + Long.rotateLeft(b ^ b >>> 29, 17) ^ c;
        h = (h ^ h >>> 31) * 0xBF58476D1CE4E5B9L;
        h = (h ^ h >>> 30) * 0x94D049BB133111EBL;
        return h ^ h >>> 31;
    }

    /** Loads the index line of a hash ahead of {@link #likelyEntry}. Keep the result alive. */
    public long touch(long hash) {
        return index.touch(hash);
    }

    /** Returns the entry that a hash probably belongs to, by its tag; -1 where its first bucket has none. Good until {@link #lookup}. */
    public long likelyEntry(long hash) {
        long found = index.next(index.firstBucket(hash), hash, 0);
        return found < 0 ? -1 : entryOf(found);
    }

    /** Loads both tuple lines, the state line and the counters of an entry ahead of {@link #lookup}. Keep the result alive. */
    public long touchEntry(long entry) {
        return entries.get(JAVA_LONG, entry)
                + entries.get(JAVA_LONG, entry + Entry.REPLY_TUPLE)
                + entries.get(JAVA_LONG, entry + Entry.LAST_SEEN)
                + entries.get(JAVA_LONG, entry + Entry.COUNTERS);
    }

    private static long entryOf(long found) {
        return (found & 0x7FFF_FFFFL) >>> 1 << 8;
    }

    /** Returns the handle of the connection and direction that has the five-tuple, or {@link #MISS}. Refreshes nothing. */
    public long lookup(
            long hash, long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long handle =
                lookupIn(index.firstBucket(hash), hash, sourceHi, sourceLo, destinationHi, destinationLo, transport);
        return handle != MISS
                ? handle
                : lookupIn(index.secondBucket(hash), hash, sourceHi, sourceLo, destinationHi, destinationLo, transport);
    }

    private long lookupIn(
            long bucket,
            long hash,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long transport) {
        int slot = 0;
        while (true) {
            long found = index.next(bucket, hash, slot);
            if (found < 0) {
                return MISS;
            }
            long entry = entryOf(found);
            int direction = (int) found & DIRECTION;
            if (Entry.lifeAcquire(entries, entry) == Entry.LIVE
                    && Entry.isTuple(
                            entries,
                            Entry.tuple(entry, direction),
                            sourceHi,
                            sourceLo,
                            destinationHi,
                            destinationLo,
                            transport)) {
                return entry | direction;
            }
            slot = (int) (found >>> 32) + 1;
        }
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
        int number = pool.allocate(worker, this);
        if (number == 0) {
            sweeper.evict(worker);
            return FULL;
        }
        if (pool.isRunningOut(worker)) {
            sweeper.evict(worker); // for the next one: what goes now is free after the burst
        }
        long entry = (long) number * Entry.BYTES;
        fill(entry, worker, nowNs);
        long replyHash = hashOf(Entry.tuple(entry, 1));
        int rival = index.insert(replyHash, number << 1 | DIRECTION, keys);
        if (rival != 0) {
            pool.giveBack(worker, number, this);
            if (rival > 0) {
                // Of two workers with a packet of one new tuple, both may have chosen the same backend.
                return sameTuple(rival & ~DIRECTION, number << 1) ? CONFLICT_ORIGINAL : CONFLICT_REPLY;
            }
            return rival == SharedIndex.FULL ? FULL : CONTENDED;
        }
        rival = index.insert(hashOf(entry), number << 1, keys);
        if (rival != 0 && rival >> 1 != number) { // a tuple may be its own reverse
            index.remove(replyHash, number << 1 | DIRECTION);
            worker.retire(this, number);
            return rival > 0 ? CONFLICT_ORIGINAL : rival == SharedIndex.FULL ? FULL : CONTENDED;
        }
        connections.created(worker, entry);
        Entry.lifeRelease(entries, entry, Entry.LIVE);
        worker.created++;
        return entry;
    }

    private void fill(long entry, ConntrackWorker worker, long nowNs) {
        entries.asSlice(entry, Entry.BYTES).fill((byte) 0);
        Entry.tuple(
                entries,
                entry,
                worker.originalSourceHi,
                worker.originalSourceLo,
                worker.originalDestinationHi,
                worker.originalDestinationLo,
                worker.originalTransport);
        Entry.tuple(
                entries,
                entry + Entry.REPLY_TUPLE,
                worker.replySourceHi,
                worker.replySourceLo,
                worker.replyDestinationHi,
                worker.replyDestinationLo,
                worker.replyTransport);
        Entry.rewrite(entries, entry, worker.natFlags, worker.deltas, worker.serviceId, worker.backendId, nowNs);
    }

    long hashOf(long tuple) {
        return hash(
                Entry.sourceHi(entries, tuple),
                Entry.sourceLo(entries, tuple),
                Entry.destinationHi(entries, tuple),
                Entry.destinationLo(entries, tuple),
                Entry.transport(entries, tuple));
    }

    private boolean sameTuple(int reference, int otherReference) {
        long a = Entry.tuple((long) (reference >> 1) * Entry.BYTES, reference & DIRECTION);
        long b = Entry.tuple((long) (otherReference >> 1) * Entry.BYTES, otherReference & DIRECTION);
        return Entry.isTuple(
                entries,
                a,
                Entry.sourceHi(entries, b),
                Entry.sourceLo(entries, b),
                Entry.destinationHi(entries, b),
                Entry.destinationLo(entries, b),
                Entry.transport(entries, b));
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
        Entry.lastSeenNs(entries, entry(handle), nowNs);
    }

    /** Removes an entry. Returns false if another worker does. */
    public boolean remove(ConntrackWorker worker, long handle) {
        long entry = entry(handle);
        if (!Entry.beginRemoval(entries, entry)) {
            return false;
        }
        connections.removed(worker, entry);
        worker.ended++;
        int number = (int) (entry / Entry.BYTES);
        index.remove(hashOf(entry), number << 1);
        index.remove(hashOf(entry + Entry.REPLY_TUPLE), number << 1 | DIRECTION);
        Entry.lifeRelease(entries, entry, Entry.FREE);
        worker.retire(this, number);
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
        worker.reclaim(this);
        pool.share(worker, this);
    }

    /** Returns the offset behind the last entry that was ever in use: entries begin at {@link Entry#BYTES}, one each as many bytes. */
    public long end() {
        return pool.top() * Entry.BYTES;
    }

    /** Returns whether there is a connection at an entry's offset. What it is may be read until the thread's next quiescent point. */
    public boolean isLive(long entry) {
        return Entry.lifeAcquire(entries, entry) == Entry.LIVE;
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
