package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Packet and byte counters by number, a block per worker (eBPF's per-CPU array): each word has one writer, readers in any process sum the
 * blocks. Counters grow, but for the pair of {@code backend-connections}: connections that count as active, and all; there each worker's
 * words are signed, as one may end what another began.
 *
 * <pre>
 * 0 workers (long)   8 bytes of a worker's block   128 blocks: packets, bytes for each number
 * </pre>
 */
public final class CounterMap {
    static final int LAYOUT_VERSION = 1;
    static final int HEADER_BYTES = 128;
    static final int COUNTER_BYTES = 16;
    /** Bytes between two workers' blocks: adjacent lines are fetched in pairs. */
    private static final int SEPARATION = 128;

    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final MemorySegment data;
    private final int workers;
    private final long blockBytes;
    private final int capacity;

    private CounterMap(MemorySegment data, int capacity) {
        this.data = data;
        this.capacity = capacity;
        this.workers = (int) data.get(JAVA_LONG, 0);
        this.blockBytes = data.get(JAVA_LONG, 8);
    }

    public static CounterMap create(MapStore store, String name, int workers, int capacity) {
        long block = ((long) capacity * COUNTER_BYTES + SEPARATION - 1) / SEPARATION * SEPARATION + SEPARATION;
        MemorySegment data = store.create(new MapSpec(
                        name,
                        MapKind.COUNTERS,
                        LAYOUT_VERSION,
                        COUNTER_BYTES,
                        capacity,
                        HEADER_BYTES + workers * block))
                .data();
        data.set(JAVA_LONG, 0, workers);
        data.set(JAVA_LONG, 8, block);
        return new CounterMap(data, capacity);
    }

    /** Opens another process's counters for reading. */
    public static CounterMap open(PinnedMaps maps, String name) {
        MapRegion region = maps.region(name, MapKind.COUNTERS, LAYOUT_VERSION);
        return new CounterMap(region.data(), (int) region.spec().capacity());
    }

    /** Adds to a counter. The worker's own thread only. */
    public void add(int worker, int id, long packets, long bytes) {
        long at = offset(worker, id);
        LONG.setOpaque(data, at, data.get(JAVA_LONG, at) + packets);
        LONG.setOpaque(data, at + 8, data.get(JAVA_LONG, at + 8) + bytes);
    }

    private long offset(int worker, int id) {
        return HEADER_BYTES + worker * blockBytes + (long) id * COUNTER_BYTES;
    }

    public int capacity() {
        return capacity;
    }

    /** Returns the sum over all workers. Any thread, any process. */
    public long packets(int id) {
        return sum(id, 0);
    }

    /** As {@link #packets}. */
    public long bytes(int id) {
        return sum(id, 8);
    }

    private long sum(int id, int word) {
        long sum = 0;
        for (int worker = 0; worker < workers; worker++) {
            sum += (long) LONG.getOpaque(data, offset(worker, id) + word);
        }
        return sum;
    }
}
