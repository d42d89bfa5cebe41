package io.towpath.nat;

import java.util.Arrays;
import java.util.List;

/**
 * Maglev's lookup table: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4. The
 * table depends only on the set of backends, so every node that knows the same set makes the same choice. Control thread only.
 */
public final class Maglev {
    /** Slots of a table: the paper's small prime, as IPVS uses at most. */
    public static final int SLOTS = 65537;

    private static final long OFFSET_SEED = 0x9E3779B97F4A7C15L;
    private static final long SKIP_SEED = 0xC2B2AE3D27D4EB4FL;

    private Maglev() {}

    /**
     * Fills a table: each slot has the index of a backend in the list.
     *
     * @return {@link #SLOTS} indexes; shares differ by at most one slot
     */
    public static int[] table(List<BackendAddress> backends) {
        int count = backends.size();
        if (count == 0) {
            throw new IllegalArgumentException("a Maglev table needs a backend");
        }
        // The order in which backends take turns must not depend on the order of the list.
        Integer[] turns = new Integer[count];
        Arrays.setAll(turns, i -> i);
        Arrays.sort(turns, (a, b) -> compare(backends.get(a), backends.get(b)));
        int[] next = new int[count];
        int[] skip = new int[count];
        for (int i = 0; i < count; i++) {
            BackendAddress backend = backends.get(i);
            next[i] = (int) Long.remainderUnsigned(hash(backend, OFFSET_SEED), SLOTS);
            skip[i] = (int) Long.remainderUnsigned(hash(backend, SKIP_SEED), SLOTS - 1) + 1;
        }
        int[] table = new int[SLOTS];
        Arrays.fill(table, -1);
        for (int filled = 0; filled < SLOTS; ) {
            for (int turn = 0; turn < count && filled < SLOTS; turn++, filled++) {
                int i = turns[turn];
                while (table[next[i]] >= 0) {
                    next[i] = (next[i] + skip[i]) % SLOTS;
                }
                table[next[i]] = i;
            }
        }
        return table;
    }

    /** Returns the slot of a connection: by client address and port, not by destination, so that all VIPs of a service agree. */
    static int slot(long sourceHi, long sourceLo, int sourcePort) {
        long mixed = mix(mix(sourceHi ^ OFFSET_SEED) + sourceLo) + sourcePort * SKIP_SEED;
        return (int) Math.unsignedMultiplyHigh(mix(mixed), SLOTS);
    }

    private static int compare(BackendAddress a, BackendAddress b) {
        int byAddress = a.address().compareTo(b.address());
        return byAddress != 0 ? byAddress : Integer.compare(a.port(), b.port());
    }

    private static long hash(BackendAddress backend, long seed) {
        return mix(mix(mix(backend.address().hi() ^ seed) + backend.address().lo()) + backend.port());
    }

    /** The finisher of MurmurHash3 (public domain): every input bit changes half of the output bits. */
    private static long mix(long value) {
        long x = value;
        x = (x ^ x >>> 33) * 0xFF51AFD7ED558CCDL;
        x = (x ^ x >>> 33) * 0xC4CEB9FE1A85EC53L;
        return x ^ x >>> 33;
    }
}
