package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What other processes read: a change here needs a new layout version. */
final class LayoutTest {
    @Test
    void shouldKeepTheRegionHeader() {
        assertEquals(4096, MapRegion.HEADER_BYTES);
        assertEquals(1, MapRegion.HEADER_VERSION);
        assertEquals(8, MapRegion.VERSION_OFFSET);
        assertEquals(12, MapRegion.KIND_OFFSET);
        assertEquals(16, MapRegion.LAYOUT_VERSION_OFFSET);
        assertEquals(20, MapRegion.RECORD_BYTES_OFFSET);
        assertEquals(24, MapRegion.CAPACITY_OFFSET);
        assertEquals(32, MapRegion.DATA_BYTES_OFFSET);
        assertEquals(40, MapRegion.OWNER_OFFSET);
        assertEquals(48, MapRegion.CREATED_OFFSET);
        assertEquals("[HASH, LPM, BLOCKS, ARRAY, COUNTERS, SHARED_INDEX]", java.util.Arrays.toString(MapKind.values()));
    }

    @Test
    void shouldKeepTheMapsLayouts() {
        assertEquals(2, WordMap.LAYOUT_VERSION);
        assertEquals(64, WordMap.HEADER_BYTES);
        assertEquals(32, WordMap.SLOT_BYTES);
        assertEquals(8, WordMap.SLOTS_OFFSET);
        assertEquals(16, WordMap.SEED_OFFSET);
        assertEquals(24, WordMap.SIZE_OFFSET);
        assertEquals(32, WordMap.CLEANUPS_OFFSET);
        assertEquals(1, LpmMap.LAYOUT_VERSION);
        assertEquals(24, LpmMap.RANGE_BYTES);
        assertEquals(1, CounterMap.LAYOUT_VERSION);
        assertEquals(128, CounterMap.HEADER_BYTES);
        assertEquals(16, CounterMap.COUNTER_BYTES);
        assertEquals(2, SharedIndex.LAYOUT_VERSION);
        assertEquals(64, SharedIndex.BUCKET_BYTES);
        assertEquals(1, BlockStore.LAYOUT_VERSION);
    }
}
