package io.towpath.dataplane.engine;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.dataplane.metrics.MetricSource;
import io.towpath.dataplane.metrics.Scrape;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.port.PortDrops;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** What could not leave by each port, since the process began. */
final class PortMetrics implements MetricSource {
    private final List<String> names;
    private final List<List<Port>> workers = new ArrayList<>();

    PortMetrics(List<String> names) {
        this.names = names;
    }

    /** Adds a worker's ports, in the order of the names. Before the first scrape. */
    void add(List<Port> ports) {
        workers.add(ports);
    }

    @Override
    public void collect(Scrape scrape) {
        List<Scrape.Value> values = new ArrayList<>();
        for (int port = 0; port < names.size(); port++) {
            values.add(value(port, "egress-full", PortDrops::fullOpaque));
            values.add(value(port, "egress-failed", PortDrops::failedOpaque));
        }
        scrape.counters("towpath_port_dropped_frames_total", "Frames that could not leave by a port", values);
    }

    private Scrape.Value value(int port, String reason, ToLongFunction<PortDrops> count) {
        long sum = workers.stream()
                .mapToLong(ports -> count.applyAsLong(ports.get(port).drops()))
                .sum();
        return new Scrape.Value(Labels.of("port", names.get(port), "reason", reason), sum);
    }
}
