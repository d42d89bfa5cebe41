package io.towpath.bench.core;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackCounts;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.ImmediatePort;
import io.towpath.dataplane.router.Router;
import io.towpath.maps.MapStore;
import io.towpath.nat.Nat;
import io.towpath.nat.PortRange;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.util.List;

/**
 * One worker's whole pipeline in router mode. Frames go nowhere, but stay readable until the next burst is written. One thread.
 */
final class RouterEngine implements AutoCloseable {
    static final int CLIENTS = 0;
    static final int SERVERS = 1;

    private final int worker;
    private final RouterMaps maps;
    private final FramePool pool = new FramePool(4 * Burst.LIMIT + Router.PENDING_BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private final List<MemoryPort> ports = List.of(new MemoryPort(CLIENTS), new MemoryPort(SERVERS));
    private final Conntrack conntrack;
    private final Verdicts verdicts;
    private final Fragments fragments;
    private final Pipeline pipeline;

    /** Keeps where the frames of the last burst went out from. */
    private static final class MemoryPort extends ImmediatePort {
        private final long[] l2 = new long[Burst.LIMIT];
        private int count;
        private long total;

        MemoryPort(int index) {
            super(index, RouterMaps.NETWORKS.get(index).name());
        }

        @Override
        public int receive(FramePool from, Burst into, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long frame, int length) {
            l2[count++] = frame;
            total++;
            return null;
        }
    }

    /**
     * The one worker of maps of its own.
     *
     * @param store closed with the engine
     * @param maxEntries connections at most
     */
    RouterEngine(MapStore store, int maxEntries, boolean masquerade) {
        this(new RouterMaps(store, maxEntries, masquerade, 1), 0);
    }

    /** A worker of maps, which are closed with worker 0. */
    RouterEngine(RouterMaps maps, int worker) {
        this.maps = maps;
        this.worker = worker;
        conntrack = maps.conntrack;
        verdicts = new Verdicts(maps.counters, worker, pool);
        fragments = new Fragments(pool, verdicts, 1, RouterMaps.SEED);
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(worker),
                maps.services,
                maps.routes,
                PortRange.UNPRIVILEGED,
                maps.settings,
                pool.frames(),
                RouterMaps.SEED + worker);
        Router router = new Router(
                RouterMaps.NETWORKS,
                ports,
                maps.routes,
                maps.neighbors,
                pool,
                verdicts,
                new IcmpErrorSender(pool, RouterMaps.SEED));
        pipeline = new Pipeline(nat, router, fragments);
        online();
    }

    /** From here on, or after {@link #offline}, it may process bursts. Its own thread. */
    void online() {
        maps.quiescence.online(worker);
    }

    /** Nobody waits for it until it is online again. Its own thread. */
    void offline() {
        maps.quiescence.offline(worker);
    }

    /** Appends a frame that came in by a port to the burst. */
    void add(int port, TcpFrame frame, int flags, int sequence, int acknowledgment) {
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        burst.add(port, buffer, l2, frame.length());
        frame.write(pool.frames(), l2, RouterMaps.ROUTER_MAC, flags, sequence, acknowledgment);
    }

    /** Brings the frames of the burst to their verdicts; this is what is timed. Returns nanoseconds. */
    long process(long nowNs) {
        forget();
        long startNs = System.nanoTime();
        run(nowNs);
        return System.nanoTime() - startNs;
    }

    /** As {@link #process}, with a worker's share of the sweep for expired connections. */
    long processAndSweep(long nowNs, int limit) {
        forget();
        long startNs = System.nanoTime();
        run(nowNs);
        conntrack.sweep(conntrack.worker(worker), nowNs, limit);
        return System.nanoTime() - startNs;
    }

    private void forget() {
        ports.get(CLIENTS).count = 0;
        ports.get(SERVERS).count = 0;
    }

    private void run(long nowNs) {
        pipeline.process(burst, nowNs);
        ports.get(CLIENTS).flush(verdicts);
        ports.get(SERVERS).flush(verdicts);
        burst.clear();
        maps.quiescence.quiescent(worker);
    }

    /** Makes removed entries usable again, without a sweep. */
    void recycle() {
        conntrack.recycle(conntrack.worker(worker));
    }

    /** Removes all connections that are expired at a time. Returns how many. */
    int removeExpired(long nowNs) {
        int removed = conntrack.sweep(conntrack.worker(worker), nowNs, Integer.MAX_VALUE);
        maps.quiescence.quiescent(worker);
        recycle();
        return removed;
    }

    /** Sets a frame's fields to what answers the n-th one that left by a port in the last burst. */
    void answer(int port, int n, TcpFrame frame) {
        frame.reverseOf(pool.frames(), ports.get(port).l2[n]);
    }

    /** Returns how many frames left by a port. */
    long sent(int port) {
        return ports.get(port).total;
    }

    /** Returns how many packets ended for a reason. */
    long packets(Reason reason) {
        return maps.counters.packets(reason.ordinal());
    }

    /** Returns how many connections were removed to make room. */
    long evicted() {
        return conntrack.worker(worker).evicted();
    }

    /** Returns how many connections the table has. */
    long connections() {
        return ConntrackCounts.of(conntrack).entries();
    }

    /** Returns how many connections the sweep removed. */
    long expired() {
        return conntrack.worker(worker).expired();
    }

    @Override
    public void close() {
        offline();
        fragments.close();
        pool.close();
        if (worker == 0) {
            maps.close();
        }
    }
}
