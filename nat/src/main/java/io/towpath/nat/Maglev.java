package io.towpath.nat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Maglev's lookup table: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4. The
 * table depends only on the set of backends and their weights, so every node that knows the same set makes the same choice. Control thread
 * only.
 */
public final class Maglev {
    /** Slots of a table: the paper's small prime, as IPVS uses at most. */
    public static final int SLOTS = 65537;

    private static final long SKIP_SEED = 0xC2B2AE3D27D4EB4FL;

    private Maglev() {}

    /**
     * Fills a table: each slot has the index of a backend in the list.
     *
     * @param weights of the backends, at least 1: those of the largest weight take a slot each turn, the others each so many turns
     * @return {@link #SLOTS} indexes; at equal weights shares differ by at most one slot
     */
    public static int[] table(List<BackendAddress> backends, int[] weights) {
        int count = backends.size();
        if (count == 0) {
            throw new IllegalArgumentException("a Maglev table needs a backend");
        }
        int largest = Arrays.stream(weights).max().getAsInt();
        int[] credit = new int[count];
        int[] next = new int[count];
        int[] skip = new int[count];
        for (int i = 0; i < count; i++) {
            long hash = hash(backends.get(i));
            next[i] = (int) Long.remainderUnsigned(hash, SLOTS);
            skip[i] = (int) Long.remainderUnsigned(Hashing.mix(hash ^ SKIP_SEED), SLOTS - 1) + 1;
        }
        int[] turns = turns(backends);
        int[] table = new int[SLOTS];
        Arrays.fill(table, -1);
        for (int filled = 0; ; ) {
            for (int i : turns) {
                credit[i] += weights[i];
                if (credit[i] < largest) {
                    continue; // not its turn yet
                }
                credit[i] -= largest;
                if (filled++ == SLOTS) {
                    return table;
                }
                while (table[next[i]] >= 0) {
                    next[i] = (next[i] + skip[i]) % SLOTS;
                }
                table[next[i]] = i;
            }
        }
    }

    /** The order in which backends take turns, which must not depend on the order of the list. */
    private static int[] turns(List<BackendAddress> backends) {
        return IntStream.range(0, backends.size())
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> backends.get(i).address())
                        .thenComparingInt(i -> backends.get(i).port()))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** Returns the slot of a connection: by client address and port, not by destination, so that all VIPs of a service agree. */
    static int slot(long sourceHi, long sourceLo, int sourcePort) {
        return (int) Math.unsignedMultiplyHigh(Hashing.backend(sourceHi, sourceLo, sourcePort), SLOTS);
    }

    private static long hash(BackendAddress backend) {
        return Hashing.backend(backend.address().hi(), backend.address().lo(), backend.port());
    }
}
