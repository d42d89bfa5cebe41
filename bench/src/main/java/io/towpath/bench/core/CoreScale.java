package io.towpath.bench.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Several workers over one table of connections, beside one worker, and beside workers that share nothing: all in this process. */
final class CoreScale {
    private static final long SAMPLE_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int WARM_UP_SAMPLES = 8;

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
                    scale.loops(count, several);
                    scale.pipelines(count, several);
                }
            }
            return scale.rows;
        }
    }

    private void loops(int flows, int workers) {
        try (ScaleLoop one = ScaleLoop.computing(1);
                ScaleLoop apart = ScaleLoop.computing(workers)) {
            measure(
                    "loop: compute",
                    flows,
                    workers,
                    Map.of(ScaleMode.ONE, one.loads(), ScaleMode.APART, apart.loads()));
        }
        try (ScaleLoop one = ScaleLoop.writingShared(1, flows);
                ScaleLoop apart = ScaleLoop.writingApart(workers, flows);
                ScaleLoop shared = ScaleLoop.writingShared(workers, flows)) {
            measure(
                    "loop: two lines",
                    flows,
                    workers,
                    Map.of(
                            ScaleMode.ONE, one.loads(),
                            ScaleMode.APART, apart.loads(),
                            ScaleMode.CROSSING, shared.loads()));
        }
    }

    private void pipelines(int flows, int workers) {
        List<ScaleTables> apart = IntStream.range(0, workers)
                .mapToObj(_ -> new ScaleTables(Math.max(1, flows / workers), 1))
                .toList();
        try (ScaleTables one = new ScaleTables(flows, 1);
                ScaleTables shared = new ScaleTables(flows, workers)) {
            measure(
                    "hit+reply",
                    flows,
                    workers,
                    Map.of(
                            ScaleMode.ONE, one.steered(),
                            ScaleMode.APART,
                                    apart.stream()
                                            .map(ScaleTables::steered)
                                            .map(List::getFirst)
                                            .toList(),
                            ScaleMode.STEERED, shared.steered(),
                            ScaleMode.CROSSING, shared.crossing()));
            measure(
                    "new",
                    flows,
                    workers,
                    Map.of(
                            ScaleMode.ONE, one.opening(),
                            ScaleMode.APART,
                                    apart.stream()
                                            .map(ScaleTables::opening)
                                            .map(List::getFirst)
                                            .toList(),
                            ScaleMode.CROSSING, shared.opening()));
        } finally {
            apart.forEach(ScaleTables::close);
        }
    }

    /** A round has a sample of each mode, one right after the other; the order rotates. */
    private void measure(String path, int flows, int workers, Map<ScaleMode, List<ScaleLoad>> loads) {
        Map<ScaleMode, double[]> samples = new EnumMap<>(ScaleMode.class);
        loads.keySet().forEach(mode -> samples.put(mode, new double[rounds]));
        List<ScaleMode> order = new ArrayList<>(samples.keySet());
        for (int round = -WARM_UP_SAMPLES; round < rounds; round++) {
            for (ScaleMode mode : order) {
                double sample = threads.sample(loads.get(mode), SAMPLE_NS);
                if (round >= 0) {
                    samples.get(mode)[round] = sample;
                }
            }
            Collections.rotate(order, 1);
        }
        double[] one = samples.get(ScaleMode.ONE);
        samples.forEach((mode, sample) -> {
            rows.add(ScaleRow.of(mode, path, flows, mode == ScaleMode.ONE ? 1 : workers, sample, one));
            log.accept(rows.getLast().toString());
        });
    }
}
