package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Sctp;
import io.towpath.wire.Tcp;
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

    /** {@link EntryIndex#lookup}: no such connection. */
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

    /** Bit of a handle. */
    private static final int DIRECTION = 1;

    /** Session affinity templates at most: one entry in so many. */
    private static final int TEMPLATE_SHARE = 4;

    private final EntryIndex index;
    private final EntryPages pages;
    private final EntryPool ipv4Pool;
    private final EntryPool ipv6Pool;
    private final Quiescence quiescence;
    private final BackendConnections connections;
    private final Tracker tracker;
    private final Sweeper sweeper;
    private final Eviction eviction;
    private final Creation creation;
    private final ConntrackWorker[] workers;
    private final long templateLimit;
    private final ConntrackWorker controlWorker;

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
        this.quiescence = quiescence;
        this.pages = pages;
        this.index = new EntryIndex(store, pages, config.maxEntries(), new TupleHash(seed));
        this.ipv4Pool = new EntryPool(pages, EntryPages.IPV4, config.maxEntries());
        this.ipv6Pool = new EntryPool(pages, EntryPages.IPV6, config.maxEntries());
        this.connections = new BackendConnections(store, workers + 1, backends);
        Timeouts timeouts = new Timeouts(config);
        this.tracker = new Tracker(connections, timeouts, config.tcpLiberal());
        this.sweeper = new Sweeper(this, pages, timeouts, workers);
        this.eviction = new Eviction(this, pages);
        this.creation = new Creation(this, eviction);
        this.workers = new ConntrackWorker[workers];
        for (int i = 0; i < workers; i++) {
            this.workers[i] = new ConntrackWorker(i);
        }
        this.controlWorker = new ConntrackWorker(workers);
        this.templateLimit = Math.max(1, config.maxEntries() / TEMPLATE_SHARE);
    }

    public ConntrackWorker worker(int number) {
        return workers[number];
    }

    /** Returns the control thread's part: it enters what an earlier process left, before any worker starts. */
    ConntrackWorker controlWorker() {
        return controlWorker;
    }

    EntryPages pages() {
        return pages;
    }

    EntryPool pool(boolean ipv6) {
        return ipv6 ? ipv6Pool : ipv4Pool;
    }

    /** Returns where connections are found by their tuples. */
    public EntryIndex index() {
        return index;
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
            eviction.evictTemplate(worker);
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

    /** Returns whether a packet may begin a connection; others are invalid where there is no entry. */
    public static boolean opens(long transport, MemorySegment frames, long l4) {
        return switch (FiveTuple.protocol(transport)) {
            case FiveTuple.TCP -> TcpTracker.opens(Tcp.flags(frames, l4));
            case FiveTuple.SCTP -> SctpTracker.opens(Sctp.firstChunk(frames, l4));
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> FiveTuple.destinationPort(transport) == 0;
            default -> true;
        };
    }

    /** Before the next burst's {@link #prepare}: what was prepared is no longer true. */
    public void forgetPrepared(ConntrackWorker worker) {
        worker.lists(false).victims.forget();
        worker.lists(true).victims.forget();
    }

    /** Before so many creations of a family: has the memory on its way that they take and give up. Changes nothing. */
    public void prepare(ConntrackWorker worker, boolean ipv6, int creations) {
        if (creations > 0) {
            creation.prepare(worker, ipv6, creations);
        }
    }

    /**
     * Enters the connection whose tuples and rewrite stand in the worker's arguments: both directions or neither.
     *
     * @return its handle in the original direction, or one of the negative constants
     */
    public long create(ConntrackWorker worker, long nowNs) {
        return creation.create(worker, nowNs);
    }

    /**
     * Does what {@link #track} does, but the count, for packets of a burst from one on, as long as they are what there is most of: plain
     * segments of established TCP connections, which are seldom idle.
     *
     * @param handles by packet, of entries whose tuples the packets have, live or not; negative where there is none
     * @return the first packet that takes a closer look; nothing is changed by that
     */
    public int passRun(Burst burst, long[] handles, int from, long nowNs) {
        return tracker.passRun(burst, handles, from, Entry.tick(nowNs));
    }

    /** Counts a packet that {@link #passRun} passed. */
    public static void count(long handle, int bytes) {
        Entry.count(entry(handle), direction(handle), bytes);
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
        int lastState = Entry.beginRemoval(entry);
        if (lastState == Entry.GONE) {
            return false;
        }
        int number = pages.number(entry);
        index.remove(entry, number);
        endRemoval(worker, entry, number, lastState);
        return true;
    }

    /** As {@link #remove}, for an evicted entry of which it is known where it is in the index: {@link EntryIndex#remove(long, int, long, long)}. */
    boolean displace(ConntrackWorker worker, long entry, long originalSlot, long replySlot) {
        int lastState = Entry.beginRemoval(entry);
        if (lastState == Entry.GONE) {
            return false;
        }
        int number = pages.number(entry);
        index.remove(entry, number, originalSlot, replySlot);
        endRemoval(worker, entry, number, lastState);
        worker.evicted++;
        return true;
    }

    private void endRemoval(ConntrackWorker worker, long entry, int number, int lastState) {
        connections.removed(worker, entry, lastState);
        worker.ended++;
        Entry.lifeRelease(entry, Entry.FREE);
        worker.lists(!Entry.isIpv4(entry)).retire(this, number);
    }

    /**
     * Has a UDP connection end with the next datagram of its original direction, which opens a new one. Until then, or until it expires,
     * answers that are under way are still translated. Any thread, while it is online in the {@link Quiescence}.
     *
     * @return false if it is so already, or the connection has ended
     */
    public boolean makeStale(long entry) {
        return Entry.changeState(entry, UdpTracker.CURRENT, UdpTracker.STALE);
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
                if (Entry.isLive(entry)) {
                    visitor.accept(entry);
                }
            }
        }
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
