package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.maps.Quiescence;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;

/**
 * How long it takes until packets go by a change: until every worker was at a quiescent point after the maps were written, so that its next
 * burst reads the new ones. A worker that is blocked, with no packets to do wrong, counts as being there at once.
 *
 * <p>Control thread, but for {@link #collect}.
 */
public final class ProgrammingLatency implements MetricSource {
    /** Changes that wait for workers at once; more, behind a worker that hangs, are not measured. */
    private static final int WAITING_LIMIT = 64;
    /** How exactly the moment is seen: a burst takes about as long. */
    private static final long WAIT_NS = 50_000;
    /** A worker that takes longer is looked at in each cycle of the control thread only. */
    private static final long PATIENCE_NS = 20_000_000;

    /** 1 ms to 131 s. */
    private static final List<Double> TRIGGER_BUCKETS_S = Durations.doubling(0.001, 18);
    /** 125 us to 16 s. */
    private static final List<Double> EVENT_BUCKETS_S = Durations.doubling(0.000_125, 18);

    private final Quiescence quiescence;
    private final NanoClock clock;
    private final InstantSource wallClock;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final Durations fromTrigger = new Durations(TRIGGER_BUCKETS_S);
    private final Durations fromEvent = new Durations(EVENT_BUCKETS_S);

    /**
     * A change that is in the maps.
     *
     * @param token of the epoch that workers must reach
     * @param receivedNs when it was heard of, 0 where that is not measured
     */
    private record Waiting(long token, long writtenNs, long receivedNs, List<Long> triggersMs) {}

    public ProgrammingLatency(Quiescence quiescence, NanoClock clock, InstantSource wallClock) {
        this.quiescence = quiescence;
        this.clock = clock;
        this.wallClock = wallClock;
    }

    /** A change is in the maps. */
    void written(long receivedNs, List<Long> triggersMs) {
        if ((receivedNs != 0 || !triggersMs.isEmpty()) && waiting.size() < WAITING_LIMIT) {
            waiting.add(new Waiting(quiescence.advance(), clock.nanoTime(), receivedNs, triggersMs));
            observe();
        }
    }

    /**
     * Looks whether workers got there; to be called each cycle.
     *
     * @return whether to call again without idling
     */
    public boolean poll() {
        if (waiting.isEmpty()) {
            return false;
        }
        observe();
        if (waiting.isEmpty() || clock.nanoTime() - waiting.peek().writtenNs() > PATIENCE_NS) {
            return false;
        }
        LockSupport.parkNanos(WAIT_NS);
        return true;
    }

    private void observe() {
        while (!waiting.isEmpty() && quiescence.passed(waiting.peek().token())) {
            Waiting done = waiting.poll();
            if (done.receivedNs() != 0) {
                fromEvent.observe(Math.max(0, clock.nanoTime() - done.receivedNs()));
            }
            long nowMs = wallClock.millis();
            done.triggersMs().forEach(triggerMs -> fromTrigger.observe(Math.max(0, nowMs - triggerMs) * 1_000_000));
        }
    }

    @Override
    public void collect(Scrape scrape) {
        scrape.histograms(
                "towpath_programming_from_trigger_seconds",
                "Time from what led to a change of an EndpointSlice to the first burst that goes by it",
                List.of(fromTrigger.snapshot(Labels.EMPTY)));
        scrape.histograms(
                "towpath_programming_from_event_seconds",
                "Time from hearing of a change to the first burst that goes by it",
                List.of(fromEvent.snapshot(Labels.EMPTY)));
    }
}
