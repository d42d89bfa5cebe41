package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.dataplane.control.SourceStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** How it stands with the source of objects. Scraping thread. */
public final class SourceMetrics implements MetricSource {
    private final Supplier<Optional<SourceStatus>> source;

    /** @param source nothing where there is no source */
    public SourceMetrics(Supplier<Optional<SourceStatus>> source) {
        this.source = source;
    }

    @Override
    public void collect(Scrape scrape) {
        source.get().ifPresent(status -> collect(scrape, status));
    }

    private static void collect(Scrape scrape, SourceStatus status) {
        scrape.gauges(
                "towpath_source_info",
                "What the source of objects is",
                List.of(new Scrape.Value(Labels.of("source", status.source()), 1)));
        List<Scrape.Value> states = new ArrayList<>();
        for (SourceStatus.State state : SourceStatus.State.values()) {
            states.add(new Scrape.Value(Labels.of("state", state.label()), status.state() == state ? 1 : 0));
        }
        scrape.gauges("towpath_source_state", "1 for where what is in force comes from", states);
        scrape.gauge("towpath_source_connected", "1 while all of the source can be read", status.isConnected() ? 1 : 0);
        List<Scrape.Value> synced = new ArrayList<>();
        new TreeSet<>(status.synced()).forEach(kind -> synced.add(new Scrape.Value(Labels.of("kind", kind), 1)));
        scrape.gauges("towpath_source_synced", "1 for kinds that were read as a whole", synced);
        List<Scrape.Value> events = new ArrayList<>();
        new TreeMap<>(status.lastEventOfKindMs())
                .forEach((kind, ms) -> events.add(new Scrape.Value(Labels.of("kind", kind), ms / 1e3)));
        scrape.gauges("towpath_source_last_event_timestamp_seconds", "When the source last told of an object", events);
    }
}
