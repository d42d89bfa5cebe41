package io.towpath.dataplane.router;

/**
 * Where the last packets went: next hops by destination, so that most packets need neither a route nor a neighbor looked up. What was found is
 * good until any neighbor changes; routes do not. One per worker.
 */
final class NextHops {
    /** {@link #find}: look it up. */
    static final long UNKNOWN = -1;

    /** Destinations share slots by hash: a worker with more than these looks some up each time. */
    private static final int SLOTS = 1024;

    private static final int INDEX_SHIFT = 64 - Integer.numberOfTrailingZeros(SLOTS);
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int MAC_BITS = 48;

    private final Neighbors neighbors;
    private final long[] destinationHi = new long[SLOTS];
    private final long[] destinationLo = new long[SLOTS];
    private final long[] hop = new long[SLOTS];
    private final long[] version = new long[SLOTS];
    private long currentVersion;

    NextHops(Neighbors neighbors) {
        this.neighbors = neighbors;
    }

    /** Before the destinations of a burst. */
    void begin() {
        currentVersion = neighbors.versionAcquire();
    }

    /** Returns the hop to a destination, for {@link #port} and {@link #mac}. */
    long find(long hi, long lo) {
        int slot = slot(hi, lo);
        return version[slot] == currentVersion && destinationLo[slot] == lo && destinationHi[slot] == hi
                ? hop[slot]
                : UNKNOWN;
    }

    void put(long hi, long lo, int port, long mac) {
        int slot = slot(hi, lo);
        destinationHi[slot] = hi;
        destinationLo[slot] = lo;
        hop[slot] = hop(port, mac);
        version[slot] = currentVersion;
    }

    private static int slot(long hi, long lo) {
        return (int) ((lo ^ hi * 31) * GOLDEN >>> INDEX_SHIFT);
    }

    static long hop(int port, long mac) {
        return (long) port << MAC_BITS | mac;
    }

    static int port(long hop) {
        return (int) (hop >>> MAC_BITS);
    }

    static long mac(long hop) {
        return hop & (1L << MAC_BITS) - 1;
    }
}
