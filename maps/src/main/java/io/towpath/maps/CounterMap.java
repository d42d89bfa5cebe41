package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.linux.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Objects;

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

    private final long data;
    private final int workers;
    private final long blockBytes;
    private final int capacity;
    /** Of an earlier owner, so some may not begin at 0. */
    private final boolean isResumed;

    private CounterMap(MemorySegment data, int capacity, boolean isResumed) {
        this.data = data.address();
        this.capacity = capacity;
        this.isResumed = isResumed;
        this.workers = (int) data.get(JAVA_LONG, 0);
        this.blockBytes = data.get(JAVA_LONG, 8);
    }

    /** Creates counters that begin at 0. */
    public static CounterMap create(MapStore store, String name, int workers, int capacity) {
        return new CounterMap(begun(store.create(spec(name, workers, capacity)), workers, capacity), capacity, false);
    }

    /** As {@link #create}, in the place of what an earlier owner left, which stays until {@link PinnedMapStore#commit}. */
    private static CounterMap replace(MapStore store, String name, int workers, int capacity, boolean isResumed) {
        return new CounterMap(
                begun(store.createBeside(spec(name, workers, capacity)), workers, capacity), capacity, isResumed);
    }

    private static MemorySegment begun(MapRegion region, int workers, int capacity) {
        MemorySegment data = region.data();
        data.set(JAVA_LONG, 0, workers);
        data.set(JAVA_LONG, 8, blockBytes(capacity));
        return data;
    }

    /** Returns counters that go on from those an earlier owner left, of whatever number of workers. */
    public static CounterMap resume(MapStore store, String name, int workers, int capacity) {
        MapRegion left = store.leftover(name);
        if (left == null) {
            return create(store, name, workers, capacity);
        }
        MapSpec found = left.spec();
        int workersBefore = found.kind() == MapKind.COUNTERS && found.dataBytes() >= HEADER_BYTES
                ? (int) left.data().get(JAVA_LONG, 0)
                : 0;
        if (workersBefore <= 0
                || !found.equals(spec(name, workersBefore, capacity))
                || left.data().get(JAVA_LONG, 8) != blockBytes(capacity)) {
            store.refuse(name, "it has " + found.layout() + " of " + workersBefore + " workers");
            return replace(store, name, workers, capacity, false);
        }
        CounterMap before = new CounterMap(left.data(), capacity, true);
        return workersBefore == workers ? before : before.movedTo(store, name, workers);
    }

    /** What all workers counted becomes worker 0's. */
    private CounterMap movedTo(MapStore store, String name, int newWorkers) {
        long[] packets = new long[capacity];
        long[] bytes = new long[capacity];
        for (int id = 0; id < capacity; id++) {
            packets[id] = packets(id);
            bytes[id] = bytes(id);
        }
        CounterMap moved = replace(store, name, newWorkers, capacity, true); // takes the memory that this one reads
        for (int id = 0; id < capacity; id++) {
            if (packets[id] != 0 || bytes[id] != 0) {
                moved.add(0, id, packets[id], bytes[id]);
            }
        }
        return moved;
    }

    private static MapSpec spec(String name, int workers, int capacity) {
        long bytes = HEADER_BYTES + workers * blockBytes(capacity);
        return new MapSpec(name, MapKind.COUNTERS, LAYOUT_VERSION, COUNTER_BYTES, capacity, bytes);
    }

    private static long blockBytes(int capacity) {
        return ((long) capacity * COUNTER_BYTES + SEPARATION - 1) / SEPARATION * SEPARATION + SEPARATION;
    }

    /** Opens another process's counters for reading. */
    public static CounterMap open(PinnedMaps maps, String name) {
        MapRegion region = maps.region(name, MapKind.COUNTERS, LAYOUT_VERSION);
        return new CounterMap(region.data(), (int) region.spec().capacity(), true);
    }

    /** Adds to a counter. The worker's own thread only. */
    public void add(int worker, int id, long packets, long bytes) {
        // Memory is unchecked from here on.
        long at = NativeMemory.known(address(worker, Objects.checkIndex(id, capacity)));
        NativeMemory.setLong(at, NativeMemory.getLong(at) + packets);
        NativeMemory.setLong(at + 8, NativeMemory.getLong(at + 8) + bytes);
    }

    /** Has all counters but these begin at 0, whatever an earlier owner left. Before any worker counts. */
    public void clearAllBut(BitSet ids) {
        if (!isResumed) {
            return; // all of a new map are 0
        }
        for (int id = ids.nextClearBit(0); id < capacity; id = ids.nextClearBit(id + 1)) {
            for (int worker = 0; worker < workers; worker++) {
                long packets = count(worker, id, 0);
                if (packets != 0) { // most are untouched, and stay so
                    add(worker, id, -packets, -count(worker, id, 8));
                }
            }
        }
    }

    private long address(int worker, int id) {
        return data + HEADER_BYTES + worker * blockBytes + (long) id * COUNTER_BYTES;
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
            sum += count(worker, id, word);
        }
        return sum;
    }

    private long count(int worker, int id, int word) {
        return NativeMemory.getLongOpaque(address(worker, id) + word);
    }
}
