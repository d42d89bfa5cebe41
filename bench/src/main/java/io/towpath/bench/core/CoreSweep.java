package io.towpath.bench.core;

import io.towpath.dataplane.demo.Table;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.Burst;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What the sweep for expired connections costs a worker's bursts, in this process and on one core: many connections that nobody answered
 * beside some established ones, whose packets are timed. Seconds with the worker's share of the sweep and without it alternate; then the
 * clock is put forward, so that all but the established ones expire at once, and bursts are timed until the last one is gone.
 */
final class CoreSweep implements AutoCloseable {
    private static final int ESTABLISHED = 65_536;
    private static final long SEGMENT_NS = TimeUnit.SECONDS.toNanos(1);
    /** Room in the table, so that nothing goes to make room. */
    private static final int SPARE = 65_536;

    private static final int WARM_UP_SAMPLES = 20;
    private static final long LONGEST_NS = TimeUnit.MINUTES.toNanos(1);

    private final RouterEngine engine;
    private final CoreLoad load;
    private final Histogram offNs = new Histogram(LONGEST_NS, 3);
    private final Histogram onNs = new Histogram(LONGEST_NS, 3);
    private final Histogram expiringNs = new Histogram(LONGEST_NS, 3);

    private CoreSweep(int entries) {
        engine = new RouterEngine(new AnonymousMapStore(), entries + SPARE, false);
        load = new CoreLoad(CorePath.NEW, ESTABLISHED, engine);
    }

    /** Runs and prints; entries are more than the {@value #ESTABLISHED} established ones. */
    static void run(int core, int entries, int seconds) {
        Affinity.pin(core);
        TowpathPeer.warmUpAll();
        try (CoreSweep sweep = new CoreSweep(entries)) {
            sweep.open(entries - ESTABLISHED);
            for (int i = 0; i < WARM_UP_SAMPLES; i++) {
                sweep.segment(
                        new Histogram(LONGEST_NS, 3), i % 2 * CoreAttack.SWEEP_LIMIT, SEGMENT_NS / WARM_UP_SAMPLES);
            }
            for (int second = 0; second < seconds; second += 2) {
                sweep.segment(sweep.offNs, 0, SEGMENT_NS);
                sweep.segment(sweep.onNs, CoreAttack.SWEEP_LIMIT, SEGMENT_NS);
            }
            long unanswered = sweep.engine.connections() - ESTABLISHED;
            long bursts = sweep.expire(unanswered);
            sweep.print(entries);
            System.out.printf(Locale.ROOT, "  %,d connections were gone after %,d bursts%n", unanswered, bursts);
        }
    }

    private void open(int unanswered) {
        for (int opened = 0; opened < unanswered; opened += Burst.LIMIT) {
            load.openBurst();
        }
    }

    private void segment(Histogram burstNs, int sweepLimit, long ns) {
        long endNs = System.nanoTime() + ns;
        for (long nowNs = System.nanoTime(); nowNs < endNs; nowNs = System.nanoTime()) {
            load.addEstablished();
            burstNs.recordValue(engine.processAndSweep(nowNs, sweepLimit));
        }
    }

    /** Returns after how many bursts all unanswered connections were gone. */
    private long expire(long unanswered) {
        long goal = engine.expired() + unanswered;
        long bursts = 0;
        while (engine.expired() < goal) {
            load.addEstablished();
            expiringNs.recordValue(
                    engine.processAndSweep(System.nanoTime() + CoreLoad.UNANSWERED_NS, CoreAttack.SWEEP_LIMIT));
            bursts++;
        }
        return bursts;
    }

    private void print(int entries) {
        System.out.printf(
                Locale.ROOT,
                "%,d connections, %,d of them established, whose packets are timed; %d entries looked at after a burst%n",
                entries,
                ESTABLISHED,
                CoreAttack.SWEEP_LIMIT);
        Table table = new Table("burst of 64, us", ">p50", ">p90", ">p99", ">p99.9", ">p99.99", ">longest");
        CoreAttack.burst(table, "sweep off", offNs);
        CoreAttack.burst(table, "sweep on", onNs);
        CoreAttack.burst(table, "all expiring", expiringNs);
        table.lines().forEach(System.out::println);
    }

    @Override
    public void close() {
        load.close();
    }
}
