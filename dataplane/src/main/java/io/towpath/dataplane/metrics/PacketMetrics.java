package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackCounts;
import io.towpath.maps.CounterMap;
import io.towpath.packet.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** What becomes of packets, and the connection table. Scraping thread. */
public final class PacketMetrics implements MetricSource {
    private final CounterMap verdicts;
    private final Conntrack conntrack;

    /** @param verdicts by {@link Reason} */
    public PacketMetrics(CounterMap verdicts, Conntrack conntrack) {
        this.verdicts = verdicts;
        this.conntrack = conntrack;
    }

    @Override
    public void collect(Scrape scrape) {
        scrape.counters("towpath_packets_total", "Packets by what became of them", verdicts(r -> packets(r)));
        scrape.counters(
                "towpath_bytes_total",
                "Bytes of frames by what became of them",
                verdicts(r -> verdicts.bytes(r.ordinal())));
        scrape.gauge(
                "towpath_fragments_held",
                "Fragments that wait for the rest of their packets",
                packets(Reason.FRAGMENT_HELD));
        ConntrackCounts counts = ConntrackCounts.of(conntrack);
        scrape.gauge("towpath_conntrack_entries", "Connections and session affinity templates", counts.entries());
        scrape.gauge("towpath_conntrack_capacity", "Entries that the table can have", counts.capacity());
        scrape.counter("towpath_conntrack_inserts_total", "Entries that packets made", counts.inserted());
        scrape.counter("towpath_conntrack_expired_total", "Entries that were idle for too long", counts.expired());
        scrape.counter("towpath_conntrack_evicted_total", "Entries that others took the place of", counts.evicted());
        scrape.counters(
                "towpath_conntrack_insert_failures_total",
                "Packets that could not begin a connection",
                List.of(
                        new Scrape.Value(Labels.of("reason", "full"), packets(Reason.CONNTRACK_FULL)),
                        new Scrape.Value(Labels.of("reason", "contended"), packets(Reason.CONNTRACK_CONTENDED))));
        scrape.counter(
                "towpath_masquerade_failures_total",
                "Packets that no source port was free for",
                packets(Reason.MASQUERADE_PORTS_EXHAUSTED));
    }

    private long packets(Reason reason) {
        return verdicts.packets(reason.ordinal());
    }

    private static List<Scrape.Value> verdicts(ToLongFunction<Reason> count) {
        List<Scrape.Value> values = new ArrayList<>();
        for (Reason reason : Reason.ALL) {
            if (reason != Reason.NONE && reason != Reason.FRAGMENT_HELD) { // the second also falls
                String verdict = reason.verdict().name().toLowerCase(Locale.ROOT);
                values.add(new Scrape.Value(
                        Labels.of("verdict", verdict, "reason", reason.label()), count.applyAsLong(reason)));
            }
        }
        return values;
    }
}
