package io.towpath.bench;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * What came of one benchmark.
 *
 * @param benchmark class and method, whole
 * @param params by name
 * @param ns nanoseconds an operation, of the iterations of all forks
 * @param bytes that an operation allocates: of the iterations the least, as {@link OwnBytes} says
 */
record MicroFigure(String benchmark, Map<String, String> params, Spread ns, double bytes) {
    private static final String COLUMN = "flows";

    /** Returns what tells its row in a table from others: the class without its suffix, the method, and parameters but for flows. */
    String row() {
        String[] parts = benchmark.split("\\.");
        String values = params.entrySet().stream()
                .filter(param -> !param.getKey().equals(COLUMN))
                .map(Map.Entry::getValue)
                .filter(value -> !value.equals(AlsoSeen.NOTHING.name()))
                .map(value -> ", " + value)
                .collect(Collectors.joining());
        return parts[parts.length - 2].replace("Benchmark", "") + " " + parts[parts.length - 1] + values;
    }

    /** Returns the number of flows, null where that is no parameter. */
    Integer flows() {
        String flows = params.get(COLUMN);
        return flows == null ? null : Integer.valueOf(flows);
    }
}
