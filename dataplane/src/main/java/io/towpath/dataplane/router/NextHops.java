package io.towpath.dataplane.router;

/**
 * Where the last packets went: next hops by destination, so that most packets need neither a route nor a neighbor looked up. What was found is
 * good until a neighbor that was known changes; routes do not. One per worker.
 */
final class NextHops {
    /** {@link #find}: look it up. */
    static final long UNKNOWN = -1;

    /** Destinations share slots by hash: a worker with more than these looks some up each time. */
    private static final int SLOTS = 8192;

    private static final int INDEX_SHIFT = 64 - Integer.numberOfTrailingZeros(SLOTS);
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int MAC_BITS = 48;

    // A slot is half a cache line of four words, side by side.
    private static final int DESTINATION_LO = 0;
    private static final int DESTINATION_HI = 1;
    private static final int VERSION = 2;
    private static final int HOP = 3;
    private static final int SLOT_WORDS = 4;

    private final Neighbors neighbors;
    private final long[] slots = new long[SLOTS * SLOT_WORDS];
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
        return slots[slot + VERSION] == currentVersion
                        && slots[slot + DESTINATION_LO] == lo
                        && slots[slot + DESTINATION_HI] == hi
                ? slots[slot + HOP]
                : UNKNOWN;
    }

    void put(long hi, long lo, int port, long mac) {
        int slot = slot(hi, lo);
        slots[slot + DESTINATION_LO] = lo;
        slots[slot + DESTINATION_HI] = hi;
        slots[slot + VERSION] = currentVersion;
        slots[slot + HOP] = hop(port, mac);
    }

    /** Returns the index of a slot's first word. */
    private static int slot(long hi, long lo) {
        return (int) ((lo ^ hi * 31) * GOLDEN >>> INDEX_SHIFT) * SLOT_WORDS;
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
