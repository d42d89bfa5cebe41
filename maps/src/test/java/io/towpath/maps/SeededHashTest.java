package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class SeededHashTest {
    private static final int WORDS = 3;
    private static final int BITS = WORDS * Long.SIZE;
    /** Deviations of chance that happen once in a million tests. */
    private static final double SIGMAS = 5;

    /** As if bits of the key were flipped: {@code 1L << bit} in the word that has it. */
    private static long hash(SeededHash hash, long[] key, int... flipped) {
        long[] words = key.clone();
        for (int bit : flipped) {
            words[bit / Long.SIZE] ^= 1L << bit;
        }
        return hash.of(words[0], words[1], words[2]);
    }

    /** A pattern of two or three bits that cancels out for one seed is found at once where it does for all. */
    @Test
    void shouldKeepKeysApartThatDifferInAFewBits() {
        SplittableRandom random = new SplittableRandom(1);
        SeededHash hash = new SeededHash(random.nextLong());
        long[] key = random.longs(WORDS).toArray();
        long plain = hash(hash, key);
        for (int a = 0; a < BITS; a++) {
            for (int b = a + 1; b < BITS; b++) {
                assertNotEquals(plain, hash(hash, key, a, b), "bits " + a + " and " + b);
                for (int c = b + 1; c < BITS; c++) {
                    if (plain == hash(hash, key, a, b, c)) {
                        throw new AssertionError("bits " + a + ", " + b + " and " + c);
                    }
                }
            }
        }
    }

    @Test
    void shouldFlipHalfOfTheHashWithEachBitOfTheKey() {
        int keys = 2000;
        double limit = SIGMAS * Math.sqrt(keys) / 2;
        for (int bit = 0; bit < BITS; bit++) {
            SplittableRandom random = new SplittableRandom(bit);
            int[] flips = new int[Long.SIZE];
            for (int i = 0; i < keys; i++) {
                SeededHash hash = new SeededHash(random.nextLong());
                long[] key = random.longs(WORDS).toArray();
                long changed = hash(hash, key) ^ hash(hash, key, bit);
                for (int out = 0; out < Long.SIZE; out++) {
                    flips[out] += (int) (changed >>> out & 1);
                }
            }
            for (int out = 0; out < Long.SIZE; out++) {
                int deviation = Math.abs(flips[out] - keys / 2);
                assertTrue(deviation < limit, "key bit " + bit + ", hash bit " + out + ": " + flips[out]);
            }
        }
    }
}
