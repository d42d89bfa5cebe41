package io.towpath.maps;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Blocks of different sizes in one region, for records that are built aside and published by their offset. One writer allocates and
 * retires; a retired block is handed out again only after every worker passed a quiescent point.
 *
 * <p>Sizes are rounded up to powers of two, and a block lies at a multiple of its size (a buddy system: Knowlton 1965). A larger one is halved
 * where there is none of a size, and a freed one becomes one again with its other half if that is free. Offset 0 is never a block.
 */
public final class BlockStore {
    static final int LAYOUT_VERSION = 1;
    /** Smallest block, bytes: a cache line. */
    static final int BLOCK_MIN = 64;
    /** Largest block, bytes: 40,000 backends. */
    public static final int BLOCK_MAX = 1 << 20;

    private static final int CLASSES = Integer.numberOfTrailingZeros(BLOCK_MAX / BLOCK_MIN) + 1;

    private final MemorySegment data;
    private final Quiescence quiescence;
    /** By size class. The lowest is used first, so that memory that was never touched stays so. */
    private final List<TreeSet<Long>> free = new ArrayList<>();

    private final ArrayDeque<Retired> retired = new ArrayDeque<>();

    private record Retired(long block, int sizeClass, long token) {}

    private BlockStore(MemorySegment data, Quiescence quiescence) {
        this.data = data;
        this.quiescence = quiescence;
        for (int sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
            free.add(new TreeSet<>());
        }
        for (long at = BLOCK_MIN; at + BLOCK_MIN <= data.byteSize(); ) {
            int sizeClass = largestAt(at);
            free.get(sizeClass).add(at);
            at += size(sizeClass);
        }
    }

    /** Returns the class of the largest block that may lie there and ends within the region. */
    private int largestAt(long at) {
        int sizeClass = Math.min(CLASSES - 1, Long.numberOfTrailingZeros(at / BLOCK_MIN));
        while (at + size(sizeClass) > data.byteSize()) {
            sizeClass--;
        }
        return sizeClass;
    }

    private static long size(int sizeClass) {
        return (long) BLOCK_MIN << sizeClass;
    }

    public static BlockStore create(MapStore store, String name, long bytes, Quiescence quiescence) {
        return new BlockStore(
                store.create(new MapSpec(name, MapKind.BLOCKS, LAYOUT_VERSION, 1, bytes, bytes))
                        .data(),
                quiescence);
    }

    /** Opens another process's blocks for reading. */
    public static MemorySegment open(PinnedMaps maps, String name) {
        return maps.region(name, MapKind.BLOCKS, LAYOUT_VERSION).data();
    }

    /** Returns the memory that the offsets refer to. */
    public MemorySegment data() {
        return data;
    }

    /**
     * Returns the offset of a block of at least {@code bytes}, its content undefined; 0 where there is no room. Writer only.
     *
     * @throws IllegalArgumentException above {@link #BLOCK_MAX}
     */
    public long allocate(long bytes) {
        int sizeClass = sizeClass(bytes);
        reclaim();
        int found = sizeClass;
        while (found < CLASSES && free.get(found).isEmpty()) {
            found++;
        }
        if (found == CLASSES) {
            return 0;
        }
        long block = free.get(found).removeFirst();
        while (found > sizeClass) {
            found--;
            free.get(found).add(block + size(found)); // its upper half
        }
        return block;
    }

    /**
     * Gives back a block that is no longer published.
     *
     * @param bytes as given to {@link #allocate}. Writer only.
     */
    public void retire(long block, long bytes) {
        retired.add(new Retired(block, sizeClass(bytes), quiescence.advance()));
    }

    private void reclaim() {
        while (!retired.isEmpty() && quiescence.passed(retired.peek().token())) {
            Retired block = retired.poll();
            free(block.block(), block.sizeClass());
        }
    }

    private void free(long freed, int freedClass) {
        long block = freed;
        int sizeClass = freedClass;
        while (sizeClass < CLASSES - 1 && free.get(sizeClass).remove(block ^ size(sizeClass))) {
            block &= -size(sizeClass + 1); // where the two halves begin
            sizeClass++;
        }
        free.get(sizeClass).add(block);
    }

    private static int sizeClass(long bytes) {
        if (bytes > BLOCK_MAX) {
            throw new IllegalArgumentException("block of " + bytes + " bytes is over the limit of " + BLOCK_MAX);
        }
        return 64 - Long.numberOfLeadingZeros((Math.max(bytes, BLOCK_MIN) - 1) / BLOCK_MIN);
    }
}
