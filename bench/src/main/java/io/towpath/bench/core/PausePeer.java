package io.towpath.bench.core;

import io.towpath.bench.Machine;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.Burst;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/**
 * A worker under full load, a process of its own: answers each line with one that {@link PauseRow} reads. Its own thread is bound to a core;
 * the JVM's threads, and the one that makes garbage, are not.
 *
 * <p>{@code java ... PausePeer FLOWS CORE SLICE_MS garbage|none}
 */
public final class PausePeer {
    static final String GARBAGE = "garbage";
    static final String NONE = "none";

    private static final String CYCLES = "Cycles";

    private final CoreLoad load;
    private final long sliceNs;
    private final Gaps gaps = new Gaps();
    private final Chunks chunks = new Chunks();

    private PausePeer(CoreLoad load, long sliceNs) {
        this.load = load;
        this.sliceNs = sliceNs;
    }

    /** Runs until the input ends. */
    public static void main(String[] args) throws IOException {
        int flows = Integer.parseInt(args[0]);
        long sliceNs = TimeUnit.MILLISECONDS.toNanos(Integer.parseInt(args[2]));
        boolean makesGarbage = args[3].equals(GARBAGE);
        Affinity.pin(Integer.parseInt(args[1]));
        TowpathPeer.warmUpAll();
        try (Garbage garbage = new Garbage();
                CoreLoad load = new CoreLoad(CorePath.HIT, flows, new AnonymousMapStore());
                BufferedReader commands =
                        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            PausePeer peer = new PausePeer(load, sliceNs);
            TowpathPeer.warmUp(load);
            System.out.println(Side.READY);
            while (commands.readLine() != null) {
                long collections = sum(GarbageCollectorMXBean::getCollectionCount);
                long stoppedMs = sum(GarbageCollectorMXBean::getCollectionTime);
                garbage.active(makesGarbage);
                peer.slice();
                garbage.active(false);
                System.out.printf(
                        Locale.ROOT,
                        "%.2f %d %d %d %s%n",
                        peer.chunks.median(),
                        Machine.residentBytes(),
                        sum(GarbageCollectorMXBean::getCollectionCount) - collections,
                        sum(GarbageCollectorMXBean::getCollectionTime) - stoppedMs,
                        peer.gaps.line());
            }
        }
    }

    private void slice() {
        gaps.clear();
        chunks.clear();
        long startNs = System.nanoTime();
        long lastNs = startNs;
        while (lastNs - startNs < sliceNs) {
            load.addEstablished();
            chunks.add(load.engine().processAndSweep(lastNs, CoreAttack.SWEEP_LIMIT), Burst.LIMIT);
            long nowNs = System.nanoTime();
            gaps.record(nowNs - lastNs);
            lastNs = nowNs;
        }
    }

    /** Of the times in which all threads stand still; a collector that works beside them counts its cycles by themselves. */
    private static long sum(ToLongFunction<GarbageCollectorMXBean> value) {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .filter(bean -> !bean.getName().endsWith(CYCLES))
                .mapToLong(value)
                .sum();
    }
}
