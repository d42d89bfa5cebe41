package io.towpath.bench.core;

/** What workers share. */
enum ScaleMode {
    /** One worker alone. */
    ONE("one"),
    /** Nothing: each has tables of its own, with its part of the flows. */
    APART("apart"),
    /** The tables; both directions of a connection are always the same worker's. */
    STEERED("steered"),
    /** The tables, and each packet of each direction is a worker's at random: the worst case. */
    CROSSING("crossing");

    /** Its name in the table and JSON. */
    final String label;

    ScaleMode(String label) {
        this.label = label;
    }
}
