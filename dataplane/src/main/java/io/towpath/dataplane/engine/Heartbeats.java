package io.towpath.dataplane.engine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.dataplane.metrics.MetricSource;
import io.towpath.dataplane.metrics.Scrape;
import io.towpath.maps.MapStore;
import io.towpath.maps.RecordMap;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * When each worker began its last cycle, in the map {@code heartbeats}: one long a worker, on the clock of {@code System.nanoTime}; each is
 * its worker's to write. It tells the next process how long nobody forwarded, and scrapes and probes which worker hangs.
 */
final class Heartbeats implements MetricSource {
    private static final String MAP = "heartbeats";
    private static final int LAYOUT_VERSION = 1;
    /** Adjacent lines are fetched in pairs. */
    private static final int BYTES = 128;

    /** A worker that began no cycle for this long hangs, or never ran: an idle one begins one each {@link Worker#BLOCK_MS}. */
    static final long LATE_NS = 10_000_000_000L;

    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final RecordMap records;
    private final int workers;

    /** Whether the workers are to run. */
    private volatile boolean isExpected;

    private volatile long expectedSinceNs;

    private Heartbeats(RecordMap records, int workers) {
        this.records = records;
        this.workers = workers;
    }

    static Heartbeats resume(MapStore store, int workers) {
        return new Heartbeats(RecordMap.resume(store, MAP, LAYOUT_VERSION, BYTES, EngineConfig.WORKERS_MAX), workers);
    }

    /** Returns the last beat of any worker, 0 where there was none. */
    long lastNs() {
        long last = 0;
        for (int worker = 0; worker < EngineConfig.WORKERS_MAX; worker++) {
            last = Math.max(last, lastNs(worker));
        }
        return last;
    }

    private long lastNs(int worker) {
        return (long) LONG.getOpaque(records.data(), records.offset(worker));
    }

    /** The workers run from now on. */
    void expect(long nowNs) {
        expectedSinceNs = nowNs;
        isExpected = true;
    }

    /** Returns what is wrong with the workers, nothing where all run or are not to run yet. Any thread. */
    Optional<String> fault(long nowNs) {
        for (int worker = 0; isExpected && worker < workers; worker++) {
            long lateNs = nowNs - Math.max(lastNs(worker), expectedSinceNs);
            if (lateNs > LATE_NS) {
                return Optional.of("worker " + worker + " has begun no cycle for " + lateNs / 1_000_000_000 + " s");
            }
        }
        return Optional.empty();
    }

    @Override
    public void collect(Scrape scrape) {
        long nowNs = System.nanoTime();
        List<Scrape.Value> ages = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            double ageS = Math.max(0, nowNs - lastNs(worker)) / 1e9;
            ages.add(new Scrape.Value(Labels.of("worker", Integer.toString(worker)), ageS));
        }
        scrape.gauges("towpath_worker_heartbeat_age_seconds", "Time since a worker began its last cycle", ages);
    }

    void beat(int worker, long nowNs) {
        LONG.setOpaque(records.data(), records.offset(worker), nowNs);
    }
}
