package io.towpath.bench.core;

import java.util.List;

/** A garbage collector of the JVM. */
enum Collector {
    /** The one that Towpath is started with. */
    SERIAL("-XX:+UseSerialGC"),
    PARALLEL("-XX:+UseParallelGC"),
    G1("-XX:+UseG1GC"),
    ZGC("-XX:+UseZGC"),
    /** Collects nothing. */
    EPSILON("-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC");

    private final String options;

    Collector(String... options) {
        this.options = String.join(" ", options);
    }

    List<String> options() {
        return List.of(options.split(" "));
    }

    static boolean isChosenBy(String option) {
        return option.matches("-XX:\\+Use\\w+GC");
    }
}
