package io.towpath.bench.core;

import io.towpath.bench.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The starts of one kind.
 *
 * @param start with or without the AOT cache
 * @param replayMs what {@code towpath replay} of a small capture took, from start to end
 */
record WarmUpRow(String start, List<WarmUpRun> runs, Spread replayMs) {
    WarmUpRow {
        runs = List.copyOf(runs);
    }

    /** Returns the values of all starts; where one has none, it is left out, and null if none is left. */
    Spread of(ToDoubleFunction<WarmUpRun> value) {
        double[] values = runs.stream()
                .mapToDouble(value)
                .filter(number -> !Double.isNaN(number))
                .toArray();
        return values.length == 0 ? null : Spread.of(values);
    }
}
