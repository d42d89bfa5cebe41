package io.towpath.dataplane.metrics;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Service maps with Services and counters. */
final class Traffic implements AutoCloseable {
    final AnonymousMapStore store = new AnonymousMapStore();
    final Quiescence quiescence = new Quiescence(1);
    final ServiceMaps maps = new ServiceMaps(store, 1, 42, quiescence);

    private final ServiceWriter writer = new ServiceWriter(maps, warning -> {
        throw new AssertionError(warning);
    });

    /** Service {@code ns/web-NUMBER} with some backends. */
    static ServicePort service(int number, int backends) {
        List<BackendAddress> all = new ArrayList<>();
        for (int i = 0; i < backends; i++) {
            all.add(new BackendAddress(Address.ofIpv4(0x0A80_0000 + number * 256 + i), 8080));
        }
        return new ServicePort(
                new ServicePortName("ns", "web-" + number, "http", Protocol.TCP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.ofIpv4(0x0A60_0000 + number), 80, false, List.of())),
                all,
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }

    void add(ServicePort... services) {
        writer.apply(new DesiredChange(List.of(services), List.of(), Optional.empty()));
    }

    void remove(ServicePort service) {
        writer.apply(new DesiredChange(List.of(), List.of(service.key()), Optional.empty()));
    }

    /** Numbers are given out in turn, from 1. */
    void count(int service, int backend, long packets, long bytes) {
        maps.serviceCounters().add(0, service, packets, bytes);
        maps.backendCounters().add(0, backend, packets, bytes);
    }

    @Override
    public void close() {
        store.close();
    }
}
