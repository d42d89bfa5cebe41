package io.towpath.conntrack;

import static io.towpath.maps.SeededHash.fold;
import static io.towpath.maps.SeededHash.secret;

/**
 * Seeded hashes of five-tuples, by 64 x 64 to 128 bit multiplications folded to 64 (as Wang Yi's wyhash). Nobody who does not know the seed can
 * aim for collisions.
 *
 * <p>Each word of a tuple goes through two multiplications at least: after one alone, ports in sequence leave a sequence of equal steps, which
 * crowds some buckets for an unlucky step. A factor of 0 would make the other one count for nothing, so the secret of the ports, which a
 * sender chooses freely, has a bit that no transport word has; an address would have to hit a secret of 64 bits.
 */
final class TupleHash {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    /** Between the protocol and the ports: {@link io.towpath.packet.FiveTuple}. */
    private static final long IN_NO_TRANSPORT = 1L << 31;

    private final long a;
    private final long b;
    private final long c;
    private final long d;
    private final long ports;

    TupleHash(long seed) {
        a = secret(seed, 1);
        b = secret(seed, 2);
        c = secret(seed, 3);
        d = secret(seed, 4);
        ports = secret(seed, 5) | IN_NO_TRANSPORT;
    }

    long ipv4(long addresses, long transport) {
        return fold(fold(addresses ^ a, transport ^ ports) ^ c, GOLDEN);
    }

    long ipv6(long sourceHi, long sourceLo, long destinationHi, long destinationLo, long transport) {
        long addresses = fold(sourceHi ^ a, sourceLo ^ b) ^ fold(destinationHi ^ c, destinationLo ^ d);
        return fold(fold(addresses, transport ^ ports) ^ c, GOLDEN);
    }
}
