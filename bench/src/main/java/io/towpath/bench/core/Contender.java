package io.towpath.bench.core;

/** Who takes part. */
enum Contender {
    TOWPATH("towpath"),
    TOWPATH_PINNED("pinned"),
    EBPF("eBPF"),
    /** C with early loads: stage by stage over a burst. */
    C_EARLY("C, early loads"),
    /** C packet by packet. */
    C_PLAIN("C, one by one");

    /** Its name in the table. */
    final String label;

    Contender(String label) {
        this.label = label;
    }

    /** Returns whether it has a path. */
    boolean has(CorePath path) {
        return switch (this) {
            case TOWPATH, TOWPATH_PINNED -> true;
            case EBPF -> path.isInEbpf();
            case C_EARLY, C_PLAIN -> path.isInC();
        };
    }
}
