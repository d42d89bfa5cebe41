package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** A histogram of durations. One thread observes, any thread reads. */
final class Durations {
    private static final double NS_PER_S = 1e9;

    private final List<Double> upperBoundsS;
    private final AtomicLongArray counts;
    private final AtomicLong sumNs = new AtomicLong();

    /** @param upperBoundsS ascending, without the infinite one */
    Durations(List<Double> upperBoundsS) {
        List<Double> bounds = new ArrayList<>(upperBoundsS);
        bounds.add(Double.POSITIVE_INFINITY);
        this.upperBoundsS = List.copyOf(bounds);
        this.counts = new AtomicLongArray(bounds.size());
    }

    /** Returns bounds that double from one to the next. */
    static List<Double> doubling(double firstS, int count) {
        List<Double> bounds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bounds.add(firstS * (1L << i));
        }
        return bounds;
    }

    void observe(long ns) {
        double seconds = ns / NS_PER_S;
        int bucket = 0;
        while (seconds > upperBoundsS.get(bucket)) {
            bucket++;
        }
        sumNs.setOpaque(sumNs.getPlain() + ns);
        counts.setOpaque(bucket, counts.getPlain(bucket) + 1);
    }

    Scrape.Histogram snapshot(Labels labels) {
        List<Long> now = new ArrayList<>(counts.length());
        for (int bucket = 0; bucket < counts.length(); bucket++) {
            now.add(counts.getOpaque(bucket));
        }
        return new Scrape.Histogram(labels, upperBoundsS, now, sumNs.getOpaque() / NS_PER_S);
    }
}
