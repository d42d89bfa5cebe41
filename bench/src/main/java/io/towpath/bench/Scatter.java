package io.towpath.bench;

/** Numbers {@code 0 .. bound-1} in pseudo-random order, each once a period, so that neither caches nor prefetchers know the next one. */
public final class Scatter {
    private final long mask;
    private long state;

    /** @param bound a power of two */
    public Scatter(int bound) {
        if (Integer.bitCount(bound) != 1) {
            throw new IllegalArgumentException("bound must be a power of two: " + bound);
        }
        mask = bound - 1L;
    }

    /** A full-period generator modulo a power of two (Knuth, TAOCP 3.2.1.2). */
    public int next() {
        state = state * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL & mask;
        return (int) state;
    }
}
