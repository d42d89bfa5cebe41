package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;

/** The metrics of one scrape. Scraping thread. */
public final class Scrape {
    private final MetricSnapshots.Builder snapshots = MetricSnapshots.builder();

    /** A number that belongs to labels. */
    public record Value(Labels labels, double value) {
        public Value(Labels labels, long value) {
            this(labels, (double) value);
        }
    }

    /**
     * Observations by size.
     *
     * @param upperBounds ascending, the last one infinite
     * @param counts of each bucket, not cumulated
     */
    public record Histogram(Labels labels, List<Double> upperBounds, List<Long> counts, double sum) {}

    public void gauge(String name, String help, long value) {
        gauges(name, help, List.of(new Value(Labels.EMPTY, value)));
    }

    public void gauges(String name, String help, List<Value> values) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        values.forEach(value -> gauge.dataPoint(new GaugeDataPointSnapshot(value.value(), value.labels(), null)));
        snapshots.metricSnapshot(gauge.build());
    }

    /** @param name ends in _total */
    public void counter(String name, String help, long value) {
        counters(name, help, List.of(new Value(Labels.EMPTY, value)));
    }

    /** As {@link #counter}. */
    public void counters(String name, String help, List<Value> values) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        values.forEach(
                value -> counter.dataPoint(new CounterDataPointSnapshot(value.value(), value.labels(), null, 0)));
        snapshots.metricSnapshot(counter.build());
    }

    public void histograms(String name, String help, List<Histogram> histograms) {
        HistogramSnapshot.Builder all = HistogramSnapshot.builder().name(name).help(help);
        for (Histogram histogram : histograms) {
            all.dataPoint(HistogramDataPointSnapshot.builder()
                    .labels(histogram.labels())
                    .classicHistogramBuckets(ClassicHistogramBuckets.of(histogram.upperBounds(), histogram.counts()))
                    .sum(histogram.sum())
                    .build());
        }
        snapshots.metricSnapshot(all.build());
    }

    MetricSnapshots all() {
        return snapshots.build();
    }
}
