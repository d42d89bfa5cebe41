package io.towpath.maps;

/**
 * A seeded hash of three words, by 64 x 64 to 128 bit multiplications folded to 64 (as Wang Yi's wyhash), and the parts that other such
 * hashes are made of. Nobody who does not know the seed can aim for collisions: each word meets a secret and is multiplied before it meets
 * what another word left, so that no difference of two words cancels out whatever the secrets are.
 */
public final class SeededHash {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long a;
    private final long b;
    private final long c;
    private final long d;

    public SeededHash(long seed) {
        a = secret(seed, 1);
        b = secret(seed, 2);
        c = secret(seed, 3);
        d = secret(seed, 4);
    }

    /** Returns a secret of a seed: a word of its sequence by SplitMix64 (Steele, Lea and Flood 2014). */
    public static long secret(long seed, int number) {
        long z = seed + number * GOLDEN;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    public long of(long word0, long word1, long word2) {
        return fold(fold(word0 ^ a, word1 ^ b) ^ c, fold(word2 ^ d, GOLDEN));
    }

    /** Returns both halves of the product, folded. A factor of 0 makes the other one count for nothing. */
    public static long fold(long x, long y) {
        return x * y ^ Math.unsignedMultiplyHigh(x, y);
    }
}
