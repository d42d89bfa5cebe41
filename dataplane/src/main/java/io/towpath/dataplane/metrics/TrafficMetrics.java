package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.maps.CounterMap;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.TrafficNames;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Packets and bytes of service ports and backends. Those that never had a packet have no series, and of each kind there are so many at most,
 * first come first served: who has series keeps them as long as it exists, so that rates have no holes. Scraping thread.
 */
public final class TrafficMetrics implements MetricSource {
    /** Service ports, and backends, with series: 20,000 series together are a scrape of 3 MB and 0.1 s (bench/README.md). */
    static final int LIMIT = 5_000;

    private final Kind services;
    private final Kind backends;

    /** One kind of owner of counters, by number. */
    private static final class Kind {
        final String name;
        final CounterMap counters;
        final IntPredicate isThere;
        final IntFunction<Labels> labels;
        final BitSet shown = new BitSet();

        Kind(String name, CounterMap counters, IntPredicate isThere, IntFunction<Labels> labels) {
            this.name = name;
            this.counters = counters;
            this.isThere = isThere;
            this.labels = labels;
        }

        /** Returns how many have had packets and have no series. */
        int collect(Scrape scrape) {
            List<Scrape.Value> packets = new ArrayList<>();
            List<Scrape.Value> bytes = new ArrayList<>();
            int room = LIMIT - shown.cardinality();
            int leftOut = 0;
            for (int id = 1; id < counters.capacity(); id++) {
                long count = counters.packets(id);
                if (count == 0) {
                    continue;
                }
                if (room == 0 && !shown.get(id)) {
                    leftOut += isThere.test(id) ? 1 : 0;
                    continue;
                }
                Labels labelsOfId = labels.apply(id);
                boolean was = shown.get(id);
                shown.set(id, labelsOfId != null);
                if (labelsOfId != null) {
                    room -= was ? 0 : 1;
                    packets.add(new Scrape.Value(labelsOfId, count));
                    bytes.add(new Scrape.Value(labelsOfId, counters.bytes(id)));
                }
            }
            scrape.counters("towpath_" + name + "_packets_total", "Packets from and to clients of a " + name, packets);
            scrape.counters("towpath_" + name + "_bytes_total", "Bytes from and to clients of a " + name, bytes);
            return leftOut;
        }
    }

    public TrafficMetrics(ServiceMaps maps) {
        TrafficNames names = new TrafficNames(maps);
        services =
                new Kind("service", maps.serviceCounters(), id -> names.service(id) != null, id -> service(names, id));
        backends = new Kind("backend", maps.backendCounters(), names::isBackend, id -> backend(names, id));
    }

    @Override
    public void collect(Scrape scrape) {
        int servicesLeftOut = services.collect(scrape);
        int backendsLeftOut = backends.collect(scrape);
        scrape.gauges(
                "towpath_series_left_out",
                "Service ports and backends with traffic that have no series of their own, as there are too many",
                List.of(
                        new Scrape.Value(Labels.of("of", "service"), servicesLeftOut),
                        new Scrape.Value(Labels.of("of", "backend"), backendsLeftOut)));
    }

    private static Labels service(TrafficNames names, int id) {
        ServicePort.Key key = names.service(id);
        return key == null ? null : labels(key);
    }

    private static Labels backend(TrafficNames names, int id) {
        TrafficNames.Backend backend = names.backend(id);
        return backend == null
                ? null
                : labels(backend.service()).add("backend", backend.address().toString());
    }

    private static Labels labels(ServicePort.Key key) {
        ServicePortName name = key.name();
        return Labels.of(
                "namespace",
                name.namespace(),
                "service",
                name.name(),
                "port",
                name.port(),
                "protocol",
                name.protocol().name(),
                "ip_family",
                key.ipv6() ? "IPv6" : "IPv4");
    }
}
