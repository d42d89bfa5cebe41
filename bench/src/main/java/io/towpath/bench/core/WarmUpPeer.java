package io.towpath.bench.core;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.Burst;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * An engine that starts, a process of its own: prints a line for {@link WarmUpRun}: when it was up, when its first connections were
 * open, and the time of all cores that it had taken by then; and then what a packet took in each window. All times are since the process was asked for.
 *
 * <p>{@code java ... WarmUpPeer CORE ASKED_NS}, the latter of {@link System#nanoTime}, which on Linux is the same clock in all processes
 */
public final class WarmUpPeer {
    /** Connections; few, so that they are open at once. */
    static final int FLOWS = Burst.LIMIT;

    private static final long WINDOW_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long RUN_NS = TimeUnit.SECONDS.toNanos(12);

    private WarmUpPeer() {}

    /** Runs and prints. */
    public static void main(String[] args) {
        long askedNs = Long.parseLong(args[1]);
        long mainNs = System.nanoTime() - askedNs;
        Affinity.pin(Integer.parseInt(args[0]));
        try (CoreLoad load = new CoreLoad(CorePath.HIT, FLOWS, new AnonymousMapStore())) {
            StringBuilder line = new StringBuilder(String.format(
                    Locale.ROOT, "%.1f %.1f %d", mainNs / 1e6, (System.nanoTime() - askedNs) / 1e6, cpuMs()));
            Chunks chunks = new Chunks();
            for (long nowNs = System.nanoTime(); nowNs - askedNs < RUN_NS; ) {
                nowNs = window(load, chunks, nowNs);
                line.append(String.format(Locale.ROOT, " %.1f:%.2f", (nowNs - askedNs) / 1e6, chunks.median()));
            }
            System.out.println(line);
        }
    }

    /** Returns what this process has taken of all cores; to 10 ms, but without loading more classes than it must. */
    private static long cpuMs() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis();
    }

    /** Returns the time of its end. */
    private static long window(CoreLoad load, Chunks chunks, long startNs) {
        chunks.clear();
        long nowNs = startNs;
        while (nowNs - startNs < WINDOW_NS || chunks.count() == 0) {
            load.addEstablished();
            chunks.add(load.engine().process(nowNs), Burst.LIMIT);
            nowNs = System.nanoTime();
        }
        return nowNs;
    }
}
