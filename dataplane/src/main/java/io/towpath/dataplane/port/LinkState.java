package io.towpath.dataplane.port;

/** What a worker found the device of a port to be. */
public enum LinkState {
    UP,
    /** Refuses frames, as somebody set it down; none come. */
    DOWN,
    /** Deleted, or its namespace was: its descriptors are of no use any more. */
    GONE
}
