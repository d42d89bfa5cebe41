package io.towpath.bench.net;

import io.towpath.dataplane.demo.DemoException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One run: all ways at the base number of Services under every load, then some of them with more and more Services.
 *
 * @param sampler takes the samples
 * @param warmer takes shorter ones, which are not counted
 */
record NetRun(Plan plan, BenchNetwork network, Sampler sampler, Sampler warmer, Consumer<String> log) {
    /** Services of the comparison of all ways. */
    static final int BASE_SERVICES = 10;

    /** Beyond these the kernel's chains do not load, nor answer, in the time there is. */
    static final int IPTABLES_SERVICES_MAX = 10_000;

    private static final List<Load> SWEEP_LOADS = List.of(Load.RTT, Load.CONN);
    private static final List<Load> UDP_LOADS = List.of(Load.UDP64, Load.UDP1400, Load.UDP64_PACED);

    /**
     * What to do.
     *
     * @param ways that are there
     * @param loads of the comparison
     * @param sweep numbers of Services beyond the base
     * @param rounds of both, fewer where time runs out
     * @param comparisonSeconds when the last round of the comparison may begin, and sweepSeconds when the last number of Services, from the start
     */
    record Plan(
            List<Way> ways,
            List<Load> loads,
            List<Integer> sweep,
            int rounds,
            int comparisonSeconds,
            int sweepSeconds) {
        /** Returns the ways of the sweep: the first engine that is there, and the kernel's. */
        List<Way> sweepWays(int services) {
            List<Way> chosen = new ArrayList<>();
            ways.stream().filter(Way::isTowpath).findFirst().ifPresent(chosen::add);
            ways.stream()
                    .filter(way -> way == Way.NFTABLES || way == Way.IPTABLES && services <= IPTABLES_SERVICES_MAX)
                    .forEach(chosen::add);
            return chosen;
        }

        /** Returns whether a load runs on a way: iptables is there for the sweep's sake, and UNMERGED for UDP's. */
        boolean has(Load load, Way way) {
            return switch (way) {
                case IPTABLES -> SWEEP_LOADS.contains(load);
                case UNMERGED -> UDP_LOADS.contains(load);
                default -> true;
            };
        }
    }

    NetResults measure(long startNs) throws Exception {
        NetResults results = new NetResults();
        measure(results, plan.ways, plan.loads, BASE_SERVICES, startNs, plan.comparisonSeconds);
        for (int services : plan.sweep) {
            if (isPast(startNs, plan.sweepSeconds)) {
                log.accept("%,d Services are left out: no time is left".formatted(services));
            } else {
                measure(results, plan.sweepWays(services), SWEEP_LOADS, services, startNs, plan.sweepSeconds);
            }
        }
        return results;
    }

    private void measure(
            NetResults results, List<Way> ways, List<Load> loads, int services, long startNs, int lastSeconds)
            throws Exception {
        Map<Way, OpenWay> open = new EnumMap<>(Way.class);
        try {
            for (Way way : ways) {
                open(open, way, services);
            }
            for (Way way : open.keySet()) {
                warmUp(way, loads, services);
            }
            rounds(results, new ArrayList<>(open.keySet()), loads, services, startNs, lastSeconds);
        } finally {
            for (OpenWay way : open.values()) {
                way.close();
            }
        }
    }

    private void open(Map<Way, OpenWay> open, Way way, int services) throws Exception {
        long beforeNs = System.nanoTime();
        try {
            open.put(way, OpenWay.open(way, services, network));
        } catch (DemoException e) {
            log.accept("%s with %,d Services is left out: %s".formatted(way.label, services, e.getMessage()));
            return;
        }
        log.accept("%s with %,d Services stands after %.1f s"
                .formatted(way.label, services, (System.nanoTime() - beforeNs) / 1e9));
    }

    /** Not counted: neighbors are found, and the engine's code is compiled. */
    private void warmUp(Way way, List<Load> loads, int services) throws InterruptedException {
        for (Load load : loads) {
            if (plan.has(load, way)) {
                try {
                    warmer.sample(load, way, services);
                } catch (IOException e) {
                    log.accept(
                            "%s, %s, %,d Services, warm-up: %s".formatted(load, way.label, services, e.getMessage()));
                }
            }
        }
    }

    private void rounds(
            NetResults results, List<Way> order, List<Load> loads, int services, long startNs, int lastSeconds)
            throws InterruptedException {
        for (int round = 0; round < plan.rounds; round++) {
            if (round > 0 && isPast(startNs, lastSeconds)) {
                log.accept(
                        "%,d Services: only %d of %d rounds, no time is left".formatted(services, round, plan.rounds));
                return;
            }
            for (Load load : loads) {
                for (Way way : order) {
                    if (plan.has(load, way)) {
                        sample(results, load, way, services, round);
                    }
                }
            }
            Collections.rotate(order, 1); // nobody is always the one after a certain other
            log.accept("%,d Services: round %d of %d".formatted(services, round + 1, plan.rounds));
        }
    }

    private void sample(NetResults results, Load load, Way way, int services, int round) throws InterruptedException {
        try {
            results.add(services, way, round, sampler.sample(load, way, services));
        } catch (IOException e) {
            log.accept("%s, %s, %,d Services, round %d: %s"
                    .formatted(load, way.label, services, round + 1, e.getMessage()));
        }
    }

    private static boolean isPast(long startNs, int seconds) {
        return System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(seconds);
    }
}
