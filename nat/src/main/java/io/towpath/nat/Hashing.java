package io.towpath.nat;

/**
 * Hashes behind choices that every node must make alike: not seeded per instance, unlike those of the tables. {@link #mix} is the finisher
 * of MurmurHash3 (public domain): every input bit changes half of the output bits.
 */
final class Hashing {
    private static final long ADDRESS_FACTOR = 0x9E3779B97F4A7C15L;
    private static final long PORT_FACTOR = 0xC2B2AE3D27D4EB4FL;

    private Hashing() {}

    static long mix(long value) {
        long x = value;
        x = (x ^ x >>> 33) * 0xFF51AFD7ED558CCDL;
        x = (x ^ x >>> 33) * 0xC4CEB9FE1A85EC53L;
        return x ^ x >>> 33;
    }

    /** Returns the hash of an address. */
    static long key(long hi, long lo) {
        return mix(mix(hi ^ ADDRESS_FACTOR) + lo);
    }

    /** Returns the hash of a backend. */
    static long backend(long hi, long lo, int port) {
        return mix(key(hi, lo) + port * PORT_FACTOR);
    }
}
