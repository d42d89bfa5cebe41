package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.maps.CounterMap;
import io.towpath.maps.MapStore;
import java.util.ArrayList;
import java.util.List;

/**
 * What workers count of themselves, in the maps {@code burst-sizes} and {@code worker-stalls}: a counter for each power of two, with the
 * number of bursts or stalls where others have packets, and the sum of frames or nanoseconds where they have bytes. A worker counts in its
 * own block, once a burst and once a stall.
 */
public final class WorkerCounts implements MetricSource {
    /** A cycle that takes longer is a stall: several times what full bursts of the largest frames take. */
    public static final long STALL_NS = 4_000_000;

    private static final String BURSTS_MAP = "burst-sizes";
    private static final String STALLS_MAP = "worker-stalls";
    /** Bursts of 1, 2, 4 .. 256 frames; a larger one would count as one of 512. */
    private static final int BURST_BUCKETS = 10;
    /** Stalls of up to 8 ms, 16 ms .. 8 s, and longer ones. */
    private static final int STALL_BUCKETS = 12;

    private final CounterMap bursts;
    private final CounterMap stalls;

    /** Goes on with what an earlier process counted. */
    public WorkerCounts(MapStore store, int workers) {
        bursts = CounterMap.resume(store, BURSTS_MAP, workers, BURST_BUCKETS);
        stalls = CounterMap.resume(store, STALLS_MAP, workers, STALL_BUCKETS);
    }

    /** Worker's thread. */
    public void burst(int worker, int frames) {
        int bucket = Integer.SIZE - Integer.numberOfLeadingZeros(frames - 1);
        bursts.add(worker, Math.min(bucket, BURST_BUCKETS - 1), 1, frames);
    }

    /**
     * Worker's thread.
     *
     * @param ns more than {@link #STALL_NS}
     */
    public void stall(int worker, long ns) {
        int bucket = Long.SIZE - 1 - Long.numberOfLeadingZeros((ns - 1) / STALL_NS);
        stalls.add(worker, Math.min(bucket, STALL_BUCKETS - 1), 1, ns);
    }

    @Override
    public void collect(Scrape scrape) {
        scrape.histograms(
                "towpath_burst_frames", "Frames that a worker received at once", List.of(histogram(bursts, 1, 1)));
        scrape.histograms(
                "towpath_worker_stall_seconds",
                "Cycles of workers that took longer than 4 ms",
                List.of(histogram(stalls, 2 * STALL_NS / 1e9, 1e9)));
    }

    /** @param firstBound upper bound of the first bucket; each has twice that of the one before */
    private static Scrape.Histogram histogram(CounterMap map, double firstBound, double unit) {
        List<Double> bounds = Durations.doubling(firstBound, map.capacity() - 1);
        bounds.add(Double.POSITIVE_INFINITY);
        List<Long> counts = new ArrayList<>();
        double sum = 0;
        for (int bucket = 0; bucket < map.capacity(); bucket++) {
            counts.add(map.packets(bucket));
            sum += map.bytes(bucket);
        }
        return new Scrape.Histogram(Labels.EMPTY, bounds, counts, sum / unit);
    }
}
