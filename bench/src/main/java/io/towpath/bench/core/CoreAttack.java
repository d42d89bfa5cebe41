package io.towpath.bench.core;

import io.towpath.bench.Machine;
import io.towpath.bench.Spread;
import io.towpath.dataplane.demo.Table;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A SYN flood at full speed against a table that it has filled, in this process and on one core: after every {@value #FLOOD_BURSTS} bursts
 * of SYNs a burst of established connections. Seconds with the sweep for expired connections and without it alternate, and between them a C
 * loop that only reads the clock shows on the same core what the machine takes away from any program.
 */
final class CoreAttack implements AutoCloseable {
    private static final int ESTABLISHED = 65_536;
    private static final int FLOOD_BURSTS = 7;
    private static final long SEGMENT_NS = TimeUnit.SECONDS.toNanos(1);
    /** As a worker sweeps. */
    static final int SWEEP_LIMIT = 32;

    private static final int WARM_UP_SAMPLES = 20;
    /** A new flow in a full table may cost at most so many times what it costs where there is room. */
    private static final double COST_LIMIT = 2;
    /** Growth of the resident memory that is no leak: the JVM's own. */
    private static final long MEMORY_SLACK_KIB = 32 * 1024;

    private static final List<Long> PAUSES_NS = List.of(20_000L, 100_000L, 1_000_000L, 10_000_000L);

    private final CoreLoad load = new CoreLoad(CorePath.NEW_FULL, ESTABLISHED, new AnonymousMapStore());
    private final RouterEngine engine = load.engine();
    private final Cycles swept = new Cycles();
    private final Cycles unswept = new Cycles();
    private final Gaps spun = new Gaps();

    /** Times of bursts, and between them: a pause may fall there. */
    private static final class Cycles {
        final Histogram newNs = new Histogram(Gaps.LONGEST_NS, 3);
        final Histogram establishedNs = new Histogram(Gaps.LONGEST_NS, 3);
        final Gaps gaps = new Gaps();
        long sent;
        long arrived;
    }

    /** Runs, prints, and returns whether the established connections, the memory and the cost of new flows are as they should be. */
    static boolean run(Peers peers, int seconds) throws IOException {
        Affinity.pin(peers.core());
        TowpathPeer.warmUpAll();
        double roomyNs = roomyNs();
        List<String> spin = peers.spin((int) TimeUnit.NANOSECONDS.toMillis(SEGMENT_NS), 0);
        try (CoreAttack attack = new CoreAttack();
                Side side = spin == null ? null : new Side(spin)) {
            if (side != null) {
                side.awaitReady();
            }
            for (int i = 0; i < WARM_UP_SAMPLES; i++) {
                attack.load.sample();
            }
            return attack.flood(side, seconds, roomyNs);
        }
    }

    /** Returns what a new flow costs in a table with room. */
    private static double roomyNs() {
        try (CoreLoad load = new CoreLoad(CorePath.NEW, ESTABLISHED, new AnonymousMapStore())) {
            double[] samples = new double[WARM_UP_SAMPLES];
            for (int i = 0; i < samples.length; i++) {
                samples[i] = load.sample();
            }
            return Spread.of(samples).median();
        }
    }

    private boolean flood(Side spin, int seconds, double roomyNs) throws IOException {
        long refusedBefore = engine.packets(Reason.CONNTRACK_FULL);
        long evictedBefore = engine.evicted();
        long kibBefore = Machine.residentBytes() >> 10;
        for (long spentNs = 0; spentNs < TimeUnit.SECONDS.toNanos(seconds); spentNs += 2 * SEGMENT_NS) {
            segment(swept, SWEEP_LIMIT);
            segment(unswept, 0);
            if (spin != null) {
                spun.addLine(spin.go());
            }
        }
        long grownKib = (Machine.residentBytes() >> 10) - kibBefore;
        long sent = swept.sent + unswept.sent;
        long lost = sent - swept.arrived - unswept.arrived;
        double fullNs = unswept.newNs.getValueAtPercentile(50) / (double) Burst.LIMIT;
        long flooded = (swept.newNs.getTotalCount() + unswept.newNs.getTotalCount()) * Burst.LIMIT;
        System.out.printf(
                Locale.ROOT,
                "SYN flood on a full table of %,d connections, %,d of them established, %d s%n",
                Flows.capacity(ESTABLISHED),
                ESTABLISHED,
                seconds);
        System.out.printf(
                Locale.ROOT,
                "  SYNs           %,d: %,d found no room, %,d old ones made room%n",
                flooded,
                engine.packets(Reason.CONNTRACK_FULL) - refusedBefore,
                engine.evicted() - evictedBefore);
        System.out.printf(Locale.ROOT, "  established    %,d packets, %,d lost%n", sent, lost);
        System.out.printf(Locale.ROOT, "  resident       %,d KiB before, %+,d KiB after%n", kibBefore, grownKib);
        System.out.printf(
                Locale.ROOT,
                "  new flow       %.1f ns, %.2f times that with room (%.1f ns)%n",
                fullNs,
                fullNs / roomyNs,
                roomyNs);
        bursts().lines().forEach(System.out::println);
        pauses().lines().forEach(System.out::println);
        return lost == 0 && grownKib <= MEMORY_SLACK_KIB && fullNs <= COST_LIMIT * roomyNs;
    }

    private void segment(Cycles cycles, int sweepLimit) {
        long startNs = System.nanoTime();
        long lastNs = startNs;
        while (lastNs - startNs < SEGMENT_NS) {
            for (int i = 0; i < FLOOD_BURSTS; i++) {
                load.addNew();
                cycles.newNs.recordValue(engine.processAndSweep(lastNs, sweepLimit));
                engine.recycle();
                lastNs = endCycle(cycles, lastNs);
            }
            long before = engine.sent(RouterEngine.SERVERS);
            load.addEstablished();
            cycles.establishedNs.recordValue(engine.processAndSweep(lastNs, sweepLimit));
            cycles.sent += Burst.LIMIT;
            cycles.arrived += engine.sent(RouterEngine.SERVERS) - before;
            lastNs = endCycle(cycles, lastNs);
        }
    }

    private static long endCycle(Cycles cycles, long lastNs) {
        long nowNs = System.nanoTime();
        cycles.gaps.record(nowNs - lastNs);
        return nowNs;
    }

    private Table bursts() {
        Table table = new Table("burst of 64, us", ">p50", ">p90", ">p99", ">p99.9", ">p99.99", ">longest");
        burst(table, "SYNs, sweep on", swept.newNs);
        burst(table, "SYNs, sweep off", unswept.newNs);
        burst(table, "established, sweep on", swept.establishedNs);
        burst(table, "established, sweep off", unswept.establishedNs);
        return table;
    }

    static void burst(Table table, String name, Histogram ns) {
        List<String> cells = new ArrayList<>(List.of(name));
        for (double percentile : new double[] {50, 90, 99, 99.9, 99.99, 100}) {
            cells.add(String.format(Locale.ROOT, "%.1f", ns.getValueAtPercentile(percentile) / 1000.0));
        }
        table.row(cells.toArray(String[]::new));
    }

    private Table pauses() {
        List<String> headings = new ArrayList<>(List.of("pauses a second"));
        PAUSES_NS.forEach(limit -> headings.add(">over " + limit / 1000 + " us"));
        headings.add(">longest, us");
        Table table = new Table(headings.toArray(String[]::new));
        row(table, "worker, sweep on", swept.gaps);
        row(table, "worker, sweep off", unswept.gaps);
        if (!spun.isEmpty()) {
            row(table, "C loop", spun);
        }
        return table;
    }

    private static void row(Table table, String name, Gaps gaps) {
        List<String> cells = new ArrayList<>(List.of(name));
        PAUSES_NS.forEach(limit -> cells.add(String.format(Locale.ROOT, "%.2f", gaps.pausesPerSecond(limit))));
        cells.add(String.format(Locale.ROOT, "%.1f", gaps.longestPauseNs() / 1000.0));
        table.row(cells.toArray(String[]::new));
    }

    @Override
    public void close() {
        load.close();
    }
}
