package io.towpath.bench.core;

import io.towpath.bench.Rig;
import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.dataplane.router.RouterPort;
import io.towpath.dataplane.router.Routes;
import io.towpath.maps.CounterMap;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What all workers of a router share: connections, Services, routes, neighbors, counters. Clients are behind a gateway on one port, backends
 * on the network of another. Made by one thread before any worker begins; nothing but connections and counters changes then.
 */
final class RouterMaps implements AutoCloseable {
    static final long ROUTER_MAC = 0x0200_0000_0001L;
    static final long NEIGHBOR_MAC = 0x0200_0000_0002L;
    static final long SEED = 1;

    private static final int MTU = 1500;
    private static final int NEIGHBORS_AT_ONCE = 256;

    private static final String CLIENTS_GATEWAY = "10.251.0.2";
    private static final String CLIENTS_GATEWAY_V6 = "2001:db8:251::2";

    static final List<RouterPort> NETWORKS = List.of(
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

    final Quiescence quiescence;
    final ServiceMaps services;
    final Conntrack conntrack;
    final CounterMap counters;
    final Routes routes;
    final Neighbors neighbors;
    final NodeSettings settings;

    private final MapStore store;

    /**
     * @param store closed with the maps
     * @param maxEntries connections at most
     */
    RouterMaps(MapStore store, int maxEntries, boolean masquerade, int workers) {
        this.store = store;
        quiescence = new Quiescence(workers);
        services = new ServiceMaps(store, workers, SEED, quiescence);
        conntrack = Rig.conntrack(store, maxEntries, workers, quiescence);
        DesiredState state = new DesiredState(services(), List.of(), List.of(), new LocalDetector.None(), masquerade);
        new ServiceWriter(services, warning -> {
                    throw new IllegalStateException(warning);
                })
                .apply(state);
        counters = CounterMap.create(store, Verdicts.MAP, workers, Verdicts.CAPACITY);
        routes = Routes.create(store, quiescence, NETWORKS, staticRoutes(), List.of());
        neighbors = neighbors();
        settings =
                new NodeSettings(state, NETWORKS.stream().map(RouterPort::name).toList());
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
        Neighbors known = Neighbors.create(store, SEED, quiescence, new ArrayDeque<>());
        report(known, RouterEngine.CLIENTS, Address.parse(CLIENTS_GATEWAY));
        report(known, RouterEngine.CLIENTS, Address.parse(CLIENTS_GATEWAY_V6));
        for (int i = 1; i <= Flows.BACKENDS; i++) {
            report(known, RouterEngine.SERVERS, Flows.backend(true, i));
            report(known, RouterEngine.SERVERS, Flows.backend(false, i));
            if (i % (NEIGHBORS_AT_ONCE / 4) == 0) {
                known.update(0);
            }
        }
        known.update(0);
        return known;
    }

    private static void report(Neighbors neighbors, int port, Address address) {
        neighbors.report(port, address.hi(), address.lo(), NEIGHBOR_MAC, 0);
    }

    @Override
    public void close() {
        store.close();
    }
}
