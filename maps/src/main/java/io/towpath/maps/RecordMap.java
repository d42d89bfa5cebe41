package io.towpath.maps;

import java.lang.foreign.MemorySegment;

/** Records of one size by number (eBPF's array map). The layout and the order of accesses are its user's. */
public final class RecordMap {
    private final MemorySegment data;
    private final int recordBytes;
    private final long capacity;

    private RecordMap(MemorySegment data, int recordBytes, long capacity) {
        this.data = data;
        this.recordBytes = recordBytes;
        this.capacity = capacity;
    }

    public static RecordMap create(MapStore store, String name, int layoutVersion, int recordBytes, long capacity) {
        return of(store.createBeside(spec(name, layoutVersion, recordBytes, capacity)));
    }

    /** Returns the records that an earlier owner left, null where it left none or others. */
    public static RecordMap adopt(MapStore store, String name, int layoutVersion, int recordBytes, long capacity) {
        MapRegion region = store.adopt(spec(name, layoutVersion, recordBytes, capacity));
        return region == null ? null : of(region);
    }

    /** Returns the records that an earlier owner left, empty ones where it left none. */
    public static RecordMap resume(MapStore store, String name, int layoutVersion, int recordBytes, long capacity) {
        RecordMap left = adopt(store, name, layoutVersion, recordBytes, capacity);
        return left != null ? left : create(store, name, layoutVersion, recordBytes, capacity);
    }

    private static MapSpec spec(String name, int layoutVersion, int recordBytes, long capacity) {
        return new MapSpec(name, MapKind.ARRAY, layoutVersion, recordBytes, capacity, recordBytes * capacity);
    }

    private static RecordMap of(MapRegion region) {
        return new RecordMap(
                region.data(), region.spec().recordBytes(), region.spec().capacity());
    }

    /** Opens another process's records for reading. */
    public static RecordMap open(PinnedMaps maps, String name, int layoutVersion) {
        return of(maps.region(name, MapKind.ARRAY, layoutVersion));
    }

    public MemorySegment data() {
        return data;
    }

    /** Returns where record {@code index} begins in {@link #data}. */
    public long offset(long index) {
        return index * recordBytes;
    }

    public long capacity() {
        return capacity;
    }
}
