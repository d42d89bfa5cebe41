package io.towpath.bench.core;

import io.towpath.bench.Rig;
import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.ImmediatePort;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.dataplane.router.Router;
import io.towpath.dataplane.router.RouterPort;
import io.towpath.dataplane.router.Routes;
import io.towpath.maps.CounterMap;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One worker's whole pipeline in router mode: clients behind a gateway on one port, backends on the network of another. Frames go nowhere,
 * but stay readable until the next burst is written. One thread.
 */
final class RouterEngine implements AutoCloseable {
    static final int CLIENTS = 0;
    static final int SERVERS = 1;
    static final long NEIGHBOR_MAC = 0x0200_0000_0002L;

    private static final long ROUTER_MAC = 0x0200_0000_0001L;
    private static final int MTU = 1500;
    private static final int NEIGHBORS_AT_ONCE = 256;
    private static final long SEED = 1;

    private static final String CLIENTS_GATEWAY = "10.251.0.2";
    private static final String CLIENTS_GATEWAY_V6 = "2001:db8:251::2";

    private static final List<RouterPort> NETWORKS = List.of(
            new RouterPort(
                    "clients",
                    ROUTER_MAC,
                    List.of(Address.parse("10.251.0.1"), Address.parse("2001:db8:251::1")),
                    List.of(Prefix.parse("10.251.0.0/24"), Prefix.parse("2001:db8:251::/64")),
                    MTU),
            new RouterPort(
                    "servers",
                    ROUTER_MAC,
                    List.of(Address.parse("10.100.0.1"), Address.parse("2001:db8:64:0:1::1")),
                    List.of(Prefix.parse("10.100.0.0/22"), Prefix.parse("2001:db8:64::/64")),
                    MTU));

    private final MapStore store;
    private final FramePool pool = new FramePool(4 * Burst.LIMIT + Router.PENDING_BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private final Quiescence quiescence = new Quiescence(1);
    private final List<MemoryPort> ports = List.of(new MemoryPort(CLIENTS), new MemoryPort(SERVERS));
    private final CounterMap counters;
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
            super(index, NETWORKS.get(index).name());
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
     * @param store closed with the engine
     * @param maxEntries connections at most
     */
    RouterEngine(MapStore store, int maxEntries, boolean masquerade) {
        this.store = store;
        ServiceMaps maps = new ServiceMaps(store, 1, SEED, quiescence);
        conntrack = Rig.conntrack(store, maxEntries, 1, quiescence);
        DesiredState state = new DesiredState(services(), List.of(), List.of(), new LocalDetector.None(), masquerade);
        new ServiceWriter(maps, warning -> {
                    throw new IllegalStateException(warning);
                })
                .apply(state);
        counters = CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY);
        verdicts = new Verdicts(counters, 0, pool);
        fragments = new Fragments(pool, verdicts, 1, SEED);
        Routes routes = Routes.create(store, quiescence, NETWORKS, staticRoutes(), List.of());
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(0),
                maps,
                routes,
                PortRange.UNPRIVILEGED,
                new NodeSettings(state, List.of("clients", "servers")),
                pool.frames(),
                SEED);
        Router router = new Router(NETWORKS, ports, routes, neighbors(), pool, verdicts, new IcmpErrorSender(pool));
        pipeline = new Pipeline(nat, router, fragments);
        quiescence.online(0);
    }

    private static List<Routes.Static> staticRoutes() {
        return List.of(
                new Routes.Static(Prefix.parse("10.0.0.0/9"), Address.parse(CLIENTS_GATEWAY), -1),
                new Routes.Static(Prefix.parse("2001:db8:1::/64"), Address.parse(CLIENTS_GATEWAY_V6), -1));
    }

    private static List<ServicePort> services() {
        List<ServicePort> services = new ArrayList<>();
        services.add(service("used", Flows.vip(true), Flows.BACKENDS, Scheduler.MH));
        services.add(service("used", Flows.vip(false), Flows.BACKENDS, Scheduler.MH));
        for (int i = 1; i < Flows.SERVICES; i++) {
            services.add(service("other-" + i, Flows.otherVip(i), 1, Scheduler.RANDOM));
        }
        return services;
    }

    private static ServicePort service(String name, Address vip, int backends, Scheduler scheduler) {
        List<BackendAddress> addresses = new ArrayList<>();
        for (int i = 1; i <= backends; i++) {
            addresses.add(new BackendAddress(Flows.backend(vip.isIpv4(), i), Flows.BACKEND_PORT));
        }
        return new ServicePort(
                new ServicePortName("bench", name, "", Protocol.TCP),
                !vip.isIpv4(),
                List.of(new Vip(VipKind.CLUSTER_IP, vip, Flows.SERVICE_PORT, false, List.of())),
                addresses,
                List.of(),
                scheduler,
                Map.of(),
                0,
                List.of());
    }

    private Neighbors neighbors() {
        Neighbors neighbors = Neighbors.create(store, SEED, quiescence, new ArrayDeque<>());
        report(neighbors, CLIENTS, Address.parse(CLIENTS_GATEWAY));
        report(neighbors, CLIENTS, Address.parse(CLIENTS_GATEWAY_V6));
        for (int i = 1; i <= Flows.BACKENDS; i++) {
            report(neighbors, SERVERS, Flows.backend(true, i));
            report(neighbors, SERVERS, Flows.backend(false, i));
            if (i % (NEIGHBORS_AT_ONCE / 4) == 0) {
                neighbors.update(0);
            }
        }
        neighbors.update(0);
        return neighbors;
    }

    private static void report(Neighbors neighbors, int port, Address address) {
        neighbors.report(port, address.hi(), address.lo(), NEIGHBOR_MAC, 0);
    }

    /** Appends a frame that came in by a port to the burst. */
    void add(int port, TcpFrame frame, int flags, int sequence, int acknowledgment) {
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        burst.add(port, buffer, l2, frame.length());
        frame.write(pool.frames(), l2, ROUTER_MAC, flags, sequence, acknowledgment);
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
        conntrack.sweep(conntrack.worker(0), nowNs, limit);
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
        quiescence.quiescent(0);
    }

    /** Makes removed entries usable again, without a sweep. */
    void recycle() {
        conntrack.recycle(conntrack.worker(0));
    }

    /** Removes all connections that are expired at a time. Returns how many. */
    int removeExpired(long nowNs) {
        int removed = conntrack.sweep(conntrack.worker(0), nowNs, Integer.MAX_VALUE);
        quiescence.quiescent(0);
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
        return counters.packets(reason.ordinal());
    }

    /** Returns how many connections were removed to make room. */
    long evicted() {
        return conntrack.worker(0).evicted();
    }

    @Override
    public void close() {
        quiescence.offline(0);
        fragments.close();
        pool.close();
        store.close();
    }
}
