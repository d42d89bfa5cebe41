package io.towpath.maps;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Blocks of different sizes in one region, for records that are built aside and published by their offset. One writer allocates and
 * retires; a retired block is handed out again only after every worker passed a quiescent point.
 *
 * <p>Sizes are rounded up to powers of two; freed blocks stay in their size class. Offset 0 is never a block.
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
    private final ArrayDeque<Long>[] free;
    private final ArrayDeque<Retired> retired = new ArrayDeque<>();
    private long top = BLOCK_MIN;

    private record Retired(long block, int sizeClass, long token) {}

    @SuppressWarnings({"unchecked", "rawtypes"})
    private BlockStore(MemorySegment data, Quiescence quiescence) {
        this.data = data;
        this.quiescence = quiescence;
        free = new ArrayDeque[CLASSES];
        for (int i = 0; i < CLASSES; i++) {
            free[i] = new ArrayDeque<>();
        }
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
        Long reused = free[sizeClass].poll();
        if (reused != null) {
            return reused;
        }
        long size = (long) BLOCK_MIN << sizeClass;
        if (top + size > data.byteSize()) {
            return 0;
        }
        long block = top;
        top += size;
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
            free[block.sizeClass()].add(block.block());
        }
    }

    private static int sizeClass(long bytes) {
        if (bytes > BLOCK_MAX) {
            throw new IllegalArgumentException("block of " + bytes + " bytes is over the limit of " + BLOCK_MAX);
        }
        return 64 - Long.numberOfLeadingZeros((Math.max(bytes, BLOCK_MIN) - 1) / BLOCK_MIN);
    }
}
