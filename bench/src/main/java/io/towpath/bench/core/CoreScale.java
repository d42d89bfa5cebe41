package io.towpath.bench.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** Several workers over one table of connections, beside one worker, and beside workers that share nothing: all in this process. */
final class CoreScale {
    /** Calibration: no memory at all. */
    private static final String COMPUTE = "loop: compute";
    /** Calibration: as many lines as a packet of a connection writes, and nothing else. */
    private static final String LINES = "loop: two lines";

    private static final String BOTH_WAYS = "hit+reply";
    private static final String NEW = "new";

    private static final long PASS_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int WARM_UP_ROUNDS = 6;

    private final PinnedThreads threads;
    private final int rounds;
    private final Consumer<String> log;
    private final List<ScaleRow> rows = new ArrayList<>();

    private CoreScale(PinnedThreads threads, int rounds, Consumer<String> log) {
        this.threads = threads;
        this.rounds = rounds;
        this.log = log;
    }

    /** Measures each number of flows with each number of workers. */
    static List<ScaleRow> run(List<Integer> flows, List<Integer> workers, int rounds, Consumer<String> log) {
        TowpathPeer.warmUpAll();
        try (PinnedThreads threads = new PinnedThreads(Collections.max(workers))) {
            CoreScale scale = new CoreScale(threads, rounds, log);
            for (int count : flows) {
                for (int several : workers) {
                    scale.measure(count, several);
                }
            }
            return scale.rows;
        }
    }

    /** Whose samples of a round are taken one right after the other. */
    private record Case(String path, ScaleMode mode, List<ScaleLoad> loads) {}

    private void measure(int flows, int workers) {
        List<ScaleTables> tables = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            tables.add(new ScaleTables(Math.max(1, flows / workers), 1));
        }
        try (ScaleLoop compute = ScaleLoop.computing(workers);
                ScaleLoop linesApart = ScaleLoop.writingApart(workers, flows);
                ScaleLoop lines = ScaleLoop.writingShared(workers, flows);
                ScaleTables one = new ScaleTables(flows, 1);
                ScaleTables shared = new ScaleTables(flows, workers)) {
            measure(
                    flows,
                    List.of(
                            new Case(COMPUTE, ScaleMode.ONE, compute.loads().subList(0, 1)),
                            new Case(COMPUTE, ScaleMode.APART, compute.loads()),
                            new Case(LINES, ScaleMode.ONE, lines.loads().subList(0, 1)),
                            new Case(LINES, ScaleMode.APART, linesApart.loads()),
                            new Case(LINES, ScaleMode.CROSSING, lines.loads()),
                            new Case(BOTH_WAYS, ScaleMode.ONE, one.steered()),
                            new Case(BOTH_WAYS, ScaleMode.APART, firsts(tables, ScaleTables::steered)),
                            new Case(BOTH_WAYS, ScaleMode.STEERED, shared.steered()),
                            new Case(BOTH_WAYS, ScaleMode.CROSSING, shared.crossing()),
                            new Case(NEW, ScaleMode.ONE, one.opening()),
                            new Case(NEW, ScaleMode.APART, firsts(tables, ScaleTables::opening)),
                            new Case(NEW, ScaleMode.CROSSING, shared.opening())));
        } finally {
            tables.forEach(ScaleTables::close);
        }
    }

    private static List<ScaleLoad> firsts(List<ScaleTables> tables, Function<ScaleTables, List<ScaleLoad>> loads) {
        return tables.stream().map(loads).map(List::getFirst).toList();
    }

    /** A round has a sample of each case: the host may move our cores away from each other at any time, and all of them see the same then. */
    private void measure(int flows, List<Case> cases) {
        Map<Case, double[]> samples = new LinkedHashMap<>();
        cases.forEach(each -> samples.put(each, new double[rounds]));
        for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
            for (Case each : cases) {
                double sample = threads.sample(each.loads(), PASS_NS);
                if (round >= 0) {
                    samples.get(each)[round] = sample;
                }
            }
        }
        double[] one = null;
        for (Case each : cases) {
            double[] sample = samples.get(each);
            one = each.mode() == ScaleMode.ONE ? sample : one;
            rows.add(ScaleRow.of(each.mode(), each.path(), flows, each.loads().size(), sample, one));
            log.accept(rows.getLast().toString());
        }
    }
}
