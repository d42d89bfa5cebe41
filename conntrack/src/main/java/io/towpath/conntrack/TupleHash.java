package io.towpath.conntrack;

/**
 * Seeded hashes of five-tuples, by 64 x 64 to 128 bit multiplications folded to 64 (as Wang Yi's wyhash). Nobody who does not know the seed can
 * aim for collisions.
 */
final class TupleHash {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long a;
    private final long b;
    private final long c;
    private final long d;

    TupleHash(long seed) {
        a = secret(seed, 1);
        b = secret(seed, 2);
        c = secret(seed, 3);
        d = secret(seed, 4);
    }

    /** SplitMix64 (Steele, Lea and Flood 2014): one word each of a sequence. */
    private static long secret(long seed, int number) {
        long z = seed + number * GOLDEN;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    long ipv4(long addresses, long transport) {
        return fold(fold(addresses ^ a, transport ^ b) ^ c, GOLDEN);
    }

    long ipv6(long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long addresses = fold(sourceHi ^ a, sourceLo ^ b) ^ fold(destinationHi ^ c, destinationLo ^ d);
        return fold(addresses, transport ^ a) ^ addresses;
    }

    private static long fold(long x, long y) {
        return x * y ^ Math.unsignedMultiplyHigh(x, y);
    }
}
