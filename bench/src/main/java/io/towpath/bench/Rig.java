package io.towpath.bench;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What benchmarks and stress tests set up the same way: the table of connections, Services by number. */
public final class Rig {
    public static final int SERVICE_PORT = 80;
    public static final int BACKEND_PORT = 8080;

    private static final int FIRST_VIP = 0x0A80_0001; // 10.128.0.1
    private static final int FIRST_BACKEND = 0x0AC0_0001; // 10.192.0.1

    private Rig() {}

    public static Conntrack conntrack(MapStore store, int maxEntries, int workers, Quiescence quiescence) {
        return new Conntrack(
                store,
                ConntrackConfig.defaults().withMaxEntries(maxEntries),
                workers,
                ServiceMaps.BACKENDS,
                1,
                quiescence);
    }

    /** Returns the ClusterIP of a Service, as it stands in an IPv4 header. */
    public static int vip(int service) {
        return FIRST_VIP + service;
    }

    /** Returns a Service with one ClusterIP and {@code backends} backends whose port is {@code backendPort}. */
    public static ServicePort service(
            int number, Protocol protocol, int backends, int backendPort, Scheduler scheduler) {
        List<BackendAddress> addresses = new ArrayList<>();
        for (int i = 0; i < backends; i++) {
            addresses.add(new BackendAddress(Address.ofIpv4(FIRST_BACKEND + number * backends + i), backendPort));
        }
        return new ServicePort(
                new ServicePortName("ns", "service-" + number, "", protocol),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.ofIpv4(vip(number)), SERVICE_PORT, false, List.of())),
                addresses,
                List.of(),
                scheduler,
                Map.of(),
                0,
                List.of());
    }

    /** Returns a state with Services only: clients are not on this node, and nothing is masqueraded. */
    public static DesiredState state(List<ServicePort> services) {
        return new DesiredState(services, List.of(), List.of(), new LocalDetector.None(), false);
    }
}
