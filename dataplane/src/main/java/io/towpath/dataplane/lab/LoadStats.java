package io.towpath.dataplane.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What became of requests. One thread at a time. */
final class LoadStats {
    private static final int EXAMPLES = 5;

    private int failures;
    private int repeats;
    private int opened;
    private int late;
    private int drained;
    private final List<String> examples = new ArrayList<>();
    private long[] latenciesNs = new long[1024];
    private int answers;

    void answered(long latencyNs, int repeated) {
        if (answers == latenciesNs.length) {
            latenciesNs = Arrays.copyOf(latenciesNs, 2 * answers);
        }
        latenciesNs[answers++] = latencyNs;
        repeats += repeated;
    }

    /** @param late what led to a backend that was to get no new connections by then, empty where none did */
    void opened(String late) {
        opened++;
        if (!late.isEmpty()) {
            this.late++;
            example("late: " + late);
        }
    }

    /** A connection goes on although its backend is terminating or gone. */
    void drained() {
        drained++;
    }

    void failed(String what) {
        failures++;
        example("failed: " + what);
    }

    private void example(String what) {
        if (examples.size() < EXAMPLES) {
            examples.add(what);
        }
    }

    void add(LoadStats other) {
        for (int i = 0; i < other.answers; i++) {
            answered(other.latenciesNs[i], 0);
        }
        failures += other.failures;
        repeats += other.repeats;
        opened += other.opened;
        late += other.late;
        drained += other.drained;
        examples.addAll(other.examples);
    }

    int answers() {
        return answers;
    }

    int failures() {
        return failures;
    }

    /** Datagrams sent again. */
    int repeats() {
        return repeats;
    }

    /** Connections and sockets. */
    int opened() {
        return opened;
    }

    /** Of these, those that led to a backend that was terminating or gone. */
    int late() {
        return late;
    }

    int drainedConnections() {
        return drained;
    }

    List<String> examples() {
        return examples;
    }

    /** Returns the latency that a share of the answers did not exceed, ms. */
    double latencyMs(double share) {
        long[] sorted = Arrays.copyOf(latenciesNs, answers);
        Arrays.sort(sorted);
        return answers == 0 ? 0 : sorted[(int) Math.min(answers - 1, (long) (answers * share))] / 1e6;
    }
}
