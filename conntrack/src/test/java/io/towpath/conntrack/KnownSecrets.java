package io.towpath.conntrack;

/** What somebody who knows the seed of {@link TupleHash} can work out. */
final class KnownSecrets {
    private KnownSecrets() {}

    /** Returns a word of SplitMix64's sequence from a seed on. */
    static long word(long seed, int number) {
        long z = seed + number * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
