package io.towpath.bench.core;

import io.towpath.bench.Machine;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.MapStore;
import io.towpath.maps.PinnedMapStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Towpath's side of the comparison, a process of its own: prepares a table, prints {@code ready} and what that took of memory, bytes, and
 * answers each line with a sample.
 *
 * <p>{@code java ... TowpathPeer PATH FLOWS CORE [DIRECTORY OF PINNED MAPS]}
 */
public final class TowpathPeer {
    /** Flows of the tables that the first part of the warm-up uses. */
    private static final int WARM_UP_FLOWS = 1024;

    private static final int WARM_UP_SAMPLES = 3;
    /** The time is steady when the best of so many samples is hardly better than the best before. */
    private static final int STEADY_SAMPLES = 8;

    private static final double STEADY = 0.98;
    private static final long WARM_UP_LIMIT_NS = TimeUnit.SECONDS.toNanos(8);

    private TowpathPeer() {}

    /** Runs until the input ends. */
    public static void main(String[] args) throws IOException {
        CorePath path = CorePath.of(args[0]);
        int flows = Integer.parseInt(args[1]);
        Affinity.pin(Integer.parseInt(args[2]));
        warmUpAll();
        long before = Machine.residentBytes();
        try (CoreLoad load = new CoreLoad(path, flows, args.length > 3 ? pinned(args[3]) : new AnonymousMapStore());
                BufferedReader commands =
                        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            long grown = Machine.residentBytes() - before;
            warmUp(load);
            System.out.println(Side.READY + " " + grown);
            while (commands.readLine() != null) {
                System.out.printf(Locale.ROOT, "%.2f%n", load.sample());
            }
        }
    }

    private static MapStore pinned(String directory) {
        return PinnedMapStore.open(Path.of(directory), System.err::println);
    }

    /** Shows the JIT every path, as a worker sees them: what it compiles must not be good at one of them alone. */
    static void warmUpAll() {
        for (CorePath path : CorePath.values()) {
            if (path != CorePath.NEW_FULL) {
                try (CoreLoad load = new CoreLoad(path, WARM_UP_FLOWS, new AnonymousMapStore())) {
                    for (int i = 0; i < WARM_UP_SAMPLES; i++) {
                        load.sample();
                    }
                }
            }
        }
    }

    /** Runs a load until it gets no better. */
    static void warmUp(CoreLoad load) {
        long endNs = System.nanoTime() + WARM_UP_LIMIT_NS;
        double best = Double.MAX_VALUE;
        boolean steady = false;
        while (!steady && System.nanoTime() < endNs) {
            double next = Double.MAX_VALUE;
            for (int i = 0; i < STEADY_SAMPLES; i++) {
                next = Math.min(next, load.sample());
            }
            steady = next > best * STEADY;
            best = Math.min(best, next);
        }
    }
}
