package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class BlockStoreTest {
    /** No power of two: what lies at the end is smaller than blocks can be. */
    private static final long BYTES = 3 << 16;

    private static final int LARGE = 1 << 16;

    private static BlockStore create(MapStore store, long bytes, Quiescence quiescence) {
        return BlockStore.create(store, "test", bytes, quiescence);
    }

    /** Operations from 0 on allocate so many bytes, others retire the first block of those that there are. */
    @Property(tries = 200)
    void shouldNeverGiveOutTheSameBytesTwiceAndFindAllOfThemAgain(
            @ForAll @Size(max = 300) List<@IntRange(min = -20_000, max = 40_000) Integer> operations) {
        try (AnonymousMapStore store = new AnonymousMapStore();
                AnonymousMapStore untouched = new AnonymousMapStore()) {
            BlockStore blocks = create(store, BYTES, new Quiescence(0)); // no worker reads
            TreeMap<Long, Integer> live = new TreeMap<>();
            for (int bytes : operations) {
                if (bytes >= 0) {
                    long block = blocks.allocate(bytes);
                    if (block != 0) {
                        live.put(block, bytes);
                    }
                } else if (!live.isEmpty()) {
                    Map.Entry<Long, Integer> block = live.pollFirstEntry();
                    blocks.retire(block.getKey(), block.getValue());
                }
                assertApart(live);
            }
            live.forEach(blocks::retire);
            assertEquals(all(create(untouched, BYTES, new Quiescence(0)), LARGE), all(blocks, LARGE));
        }
    }

    private static void assertApart(SortedMap<Long, Integer> live) {
        long end = BlockStore.BLOCK_MIN;
        for (Map.Entry<Long, Integer> block : live.entrySet()) {
            assertTrue(block.getKey() >= end, "block " + block.getKey() + " begins before " + end);
            end = block.getKey() + block.getValue();
        }
        assertTrue(end <= BYTES, end + " is beyond the region");
    }

    /** Takes all blocks of a size that there are. */
    private static Set<Long> all(BlockStore blocks, int bytes) {
        Set<Long> taken = new HashSet<>();
        for (long block = blocks.allocate(bytes); block != 0; block = blocks.allocate(bytes)) {
            assertTrue(taken.add(block));
        }
        return taken;
    }

    @Test
    void shouldMakeSmallBlocksOfLargeOnesThatWereGivenBackAndLargeOnesAgain() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            int bytes = 16 << 20;
            BlockStore blocks = create(store, bytes, new Quiescence(0));
            for (int round = 0; round < 3; round++) {
                for (int size : new int[] {256 << 10, 512}) {
                    Set<Long> taken = all(blocks, size);
                    assertEquals(bytes / size - 1, taken.size(), "all but the one at 0");
                    taken.forEach(block -> blocks.retire(block, size));
                }
            }
        }
    }

    @Test
    void shouldNeitherReuseNorSplitNorJoinWhatAWorkerMayRead() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            Quiescence quiescence = new Quiescence(1);
            BlockStore blocks = create(store, 2 * LARGE, quiescence);
            long large = blocks.allocate(LARGE);
            all(blocks, 64);
            quiescence.online(0);
            blocks.retire(large, LARGE);
            assertEquals(0, blocks.allocate(64));
            assertEquals(0, blocks.allocate(LARGE));

            quiescence.quiescent(0);
            assertNotEquals(0, blocks.allocate(64));
            assertEquals(0, blocks.allocate(LARGE), "a part of it is taken");
            assertEquals(large + LARGE / 2, blocks.allocate(LARGE / 2));
        }
    }
}
