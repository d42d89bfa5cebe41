package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.packet.FiveTuple;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The hash of five-tuples is as good as random for whoever does not know its seed: whatever pattern the tuples have. */
final class TupleHashTest {
    private static final int PROTOCOL_BITS = 8;
    private static final int PORT_BITS = 32;
    private static final int FAMILIES = 2;
    /** Addresses of IPv6: the longest key. */
    private static final int WORDS = 4;

    /** Which word of the secrets meets the ports. */
    private static final int PORTS = 5;

    /** Deviations of chance that happen once in a million tests. */
    private static final double SIGMAS = 5;

    /** Address words (one of IPv4 or four of IPv6), then the transport word. */
    private static long hash(TupleHash hash, long[] key) {
        return key.length == 2 ? hash.ipv4(key[0], key[1]) : hash.ipv6(key[0], key[1], key[2], key[3], key[WORDS]);
    }

    private static long[] randomKey(SplittableRandom random, int family) {
        long[] key = random.longs(family == 0 ? 1 : WORDS).toArray();
        key = Arrays.copyOf(key, key.length + 1);
        key[key.length - 1] = FiveTuple.transport(random.nextInt(), FiveTuple.TCP);
        return key;
    }

    /** Returns how many bits of a key may be chosen: those of the transport word are the ports and the protocol. */
    private static int bits(long[] key) {
        return (key.length - 1) * Long.SIZE + PORT_BITS + PROTOCOL_BITS;
    }

    private static long[] flipped(long[] key, int bit) {
        long[] other = key.clone();
        int word = Math.min(bit / Long.SIZE, key.length - 1);
        int inWord = bit - word * Long.SIZE;
        boolean isPort = word == key.length - 1 && inWord >= PROTOCOL_BITS;
        other[word] ^= 1L << (isPort ? inWord - PROTOCOL_BITS + Long.SIZE - PORT_BITS : inWord);
        return other;
    }

    @Test
    void shouldFlipHalfOfTheHashWithEachBitOfTheKey() {
        int keys = 2000;
        double limit = SIGMAS * Math.sqrt(keys) / 2;
        for (int family = 0; family < FAMILIES; family++) {
            for (int bit = 0; bit < bits(randomKey(new SplittableRandom(0), family)); bit++) {
                SplittableRandom random = new SplittableRandom(bit);
                TupleHash hash = new TupleHash(random.nextLong());
                int[] flips = new int[Long.SIZE];
                for (int i = 0; i < keys; i++) {
                    long[] key = randomKey(random, family);
                    long changed = hash(hash, key) ^ hash(hash, flipped(key, bit));
                    for (int out = 0; out < Long.SIZE; out++) {
                        flips[out] += (int) (changed >>> out & 1);
                    }
                }
                for (int out = 0; out < Long.SIZE; out++) {
                    int deviation = Math.abs(flips[out] - keys / 2);
                    assertTrue(
                            deviation < limit,
                            "family " + family + ", key bit " + bit + ", hash bit " + out + ": " + flips[out] + " of "
                                    + keys);
                }
            }
        }
    }

    /** Differences of one and two bits, which a multiplication by an unlucky secret might swallow. */
    @Test
    void shouldTellAlikeTuplesApartUnderEverySeed() {
        for (long seed = 0; seed < 100; seed++) {
            TupleHash hash = new TupleHash(seed);
            SplittableRandom random = new SplittableRandom(~seed); // of the same seed it would know the secrets
            for (int family = 0; family < FAMILIES; family++) {
                long[] key = seed % 2 == 0 ? randomKey(random, family) : new long[family == 0 ? 2 : WORDS + 1];
                Set<Long> hashes = new HashSet<>(List.of(hash(hash, key)));
                int bits = family == 0 ? bits(key) : Math.min(bits(key), 2 * Long.SIZE);
                for (int bit = 0; bit < bits; bit++) {
                    long[] other = flipped(key, bit);
                    assertTrue(hashes.add(hash(hash, other)), "seed " + seed + ", bit " + bit);
                    for (int second = 0; second < bit; second++) {
                        assertTrue(
                                hashes.add(hash(hash, flipped(other, second))),
                                "seed " + seed + ", bits " + bit + " and " + second);
                    }
                }
            }
        }
    }

    /** A pattern of five-tuples. */
    private interface Pattern {
        long[] key(int i);
    }

    private static final int SOURCE = 0x0A00_0001;
    private static final int DESTINATION = 0x0A60_0001;
    private static final long NET = 0x2001_0DB8_0000_0000L;

    private static long[] ipv4(int source, int destination, int sourcePort, int destinationPort) {
        return new long[] {
            FiveTuple.ipv4Addresses(source, destination),
            FiveTuple.transport(sourcePort, destinationPort, FiveTuple.TCP)
        };
    }

    private static long[] ipv6(long sourceHi, long source, long destination, int sourcePort) {
        return new long[] {
            sourceHi, source, NET, destination, FiveTuple.transport(sourcePort, 80, FiveTuple.TCP),
        };
    }

    private static int mirror(int i) {
        return i >>> 1;
    }

    private static final List<Pattern> PATTERNS = List.of(
            i -> ipv4(SOURCE, DESTINATION, i, 80),
            i -> ipv4(SOURCE, DESTINATION, 80, i),
            i -> ipv4(SOURCE, DESTINATION, i, i),
            i -> ipv4(SOURCE + i, DESTINATION, 1024, 80),
            i -> ipv4(SOURCE, DESTINATION + i, 1024, 80),
            i -> ipv4(i, i, 0, 0),
            i -> ipv4(i << 16, 0, 0, 0),
            i -> ipv4(SOURCE + (i >>> 7), DESTINATION, 1024 + (i & 127), 80),
            i -> (i & 1) == 0 // both directions
                    ? ipv4(SOURCE, DESTINATION, mirror(i), 80)
                    : ipv4(DESTINATION, SOURCE, 80, mirror(i)),
            i -> ipv6(NET, i, 1, 1024),
            i -> ipv6(NET + i, 1, 1, 1024),
            i -> ipv6(NET, 1, (long) i << 48, 1024),
            i -> ipv6(NET, 1, 1, i),
            i -> ipv6(NET, i, i, 0),
            i -> ipv6(i, i, i, i),
            i -> (i & 1) == 0 ? ipv6(NET, 1, mirror(i), 80) : ipv6(NET, mirror(i), 1, 80));

    @Test
    void shouldSpreadPatternsAsChanceDoes() {
        int keys = 1 << 15;
        int buckets = keys / 5;
        for (int number = 0; number < PATTERNS.size(); number++) {
            for (long seed = 0; seed < 8; seed++) {
                TupleHash hash = new TupleHash(seed);
                int[] byUpper = new int[buckets];
                int[] byLower = new int[buckets];
                for (int i = 0; i < keys; i++) {
                    long value = hash(hash, PATTERNS.get(number).key(i));
                    byUpper[(int) ((value >>> 32) * buckets >>> 32)]++;
                    byLower[(int) ((value & 0xFFFF_FFFFL) * buckets >>> 32)]++;
                }
                String which = "pattern " + number + ", seed " + seed;
                assertRandom(byUpper, keys, which + ", upper half");
                assertRandom(byLower, keys, which + ", lower half");
            }
        }
    }

    /** By Pearson's chi-squared, whose mean is that of its degrees of freedom and its variance twice that. */
    private static void assertRandom(int[] loads, int keys, String which) {
        double expected = (double) keys / loads.length;
        double squares = 0;
        for (int load : loads) {
            squares += (load - expected) * (load - expected) / expected;
        }
        double freedom = loads.length - 1;
        assertEquals(freedom, squares, SIGMAS * Math.sqrt(2 * freedom), which);
    }

    /**
     * A factor of 0 would make the other one count for nothing. Senders choose ports freely, so there must be none to find, whatever the
     * seed; addresses would have to be the 64 bits of a secret.
     */
    @Test
    void shouldHaveNoPortsThatMakeAddressesMeaningless() {
        long seed = 0;
        while ((KnownSecrets.word(seed, PORTS) & 0xFFFF_FF00L) != 0) {
            seed++; // one in 2^24 has a secret that is a transport word
        }
        TupleHash hash = new TupleHash(seed);
        long transport = KnownSecrets.word(seed, PORTS);

        assertNotEquals(hash.ipv4(1, transport), hash.ipv4(2, transport));
    }
}
