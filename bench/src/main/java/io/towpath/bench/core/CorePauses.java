package io.towpath.bench.core;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How long a worker under full load stands still, beside a C loop on the same core in the same run: slices of all of them alternate. The
 * worker runs once without a thread that makes garbage, and with one under each collector.
 */
final class CorePauses {
    private static final String C_LOOP = "C loop";
    private static final int FLOWS = 65_536;
    private static final int SLICE_MS = 2000;

    private CorePauses() {}

    /** @param seconds of each row, in slices of {@value #SLICE_MS} ms */
    static List<PauseRow> run(Peers peers, List<Collector> collectors, int seconds, Consumer<String> log)
            throws IOException {
        Map<PauseRow, Side> workers = new LinkedHashMap<>();
        try {
            start(workers, "worker, " + collectors.getFirst() + ", no garbage", peers, collectors.getFirst(), false);
            for (Collector collector : collectors) {
                start(workers, "worker, " + collector, peers, collector, true);
            }
            return alternate(peers, workers, Math.max(1, seconds * 1000 / SLICE_MS), log);
        } finally {
            workers.values().forEach(Side::close);
        }
    }

    private static void start(
            Map<PauseRow, Side> workers, String who, Peers peers, Collector collector, boolean garbage)
            throws IOException {
        Side side = new Side(Jvm.likeThis()
                .with(collector)
                .command(
                        PausePeer.class.getName(),
                        String.valueOf(FLOWS),
                        String.valueOf(peers.core()),
                        String.valueOf(SLICE_MS),
                        garbage ? PausePeer.GARBAGE : PausePeer.NONE));
        workers.put(new PauseRow(who), side);
        side.awaitReady(); // one after the other: what warms up next to another one is compiled by other times
    }

    private static List<PauseRow> alternate(Peers peers, Map<PauseRow, Side> workers, int rounds, Consumer<String> log)
            throws IOException {
        PauseRow first = new PauseRow("");
        for (Side worker : workers.values()) {
            first.addWorker(worker.go()); // the others' tables are in the caches; thrown away
        }
        PauseRow spun = new PauseRow(C_LOOP);
        List<String> spin = peers.spin(SLICE_MS, first.gaps.usualNs());
        try (Side spinning = spin == null ? null : new Side(spin)) {
            if (spinning != null) {
                spinning.awaitReady();
            }
            for (int round = 1; round <= rounds; round++) {
                if (spinning != null) {
                    spun.gaps.addLine(spinning.go());
                }
                for (Map.Entry<PauseRow, Side> worker : workers.entrySet()) {
                    worker.getKey().addWorker(worker.getValue().go());
                }
                log.accept("round " + round + " of " + rounds);
            }
        }
        List<PauseRow> rows = new ArrayList<>();
        if (!spun.gaps.isEmpty()) {
            rows.add(spun);
        }
        rows.addAll(workers.keySet());
        return rows;
    }
}
