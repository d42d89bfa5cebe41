package io.towpath.conntrack;

import io.towpath.packet.Burst;

/** Entries of a family that a worker will displace next: chosen a burst at a time, so that their memory comes together. Owner thread only. */
final class Victims {
    /** Entries at most. */
    static final int LIMIT = Burst.LIMIT;

    final long[] entry = new long[LIMIT];
    int count;
    /** Evictions for which all entries that may be looked at were, and none was found. */
    int missing;

    /** Entries at random, of which the victims are taken. */
    final long[] probed = new long[LIMIT];

    /** Where in the index the victims' tuples are, two each; 0 where that is not known. */
    final long[] slot = new long[2 * LIMIT];

    /** Hashes of these tuples. */
    final long[] hash = new long[2 * LIMIT];

    /** Lines of the index that they are looked for in. */
    final long[] line = new long[2 * LIMIT];

    void forget() {
        count = 0;
        missing = 0;
    }
}
