package io.towpath.nat;

/**
 * A worker's source of random choices: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). Seeded, so that a replay chooses the same; not for
 * secrets. Owner worker only.
 */
public final class Random {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    public Random(long seed) {
        state = seed;
    }

    public long nextLong() {
        state += GOLDEN_GAMMA;
        long x = state;
        x = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
        x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
        return x ^ x >>> 31;
    }

    /** Returns an even choice of {@code 0 .. bound-1}; the bias of the multiplication is below 2^-40 for bounds in use. */
    public int nextInt(int bound) {
        return (int) Math.unsignedMultiplyHigh(nextLong(), bound);
    }
}
