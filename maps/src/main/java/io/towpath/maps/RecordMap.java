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
        MapSpec spec = new MapSpec(name, MapKind.ARRAY, layoutVersion, recordBytes, capacity, recordBytes * capacity);
        return new RecordMap(store.create(spec).data(), recordBytes, capacity);
    }

    /** Opens another process's records for reading. */
    public static RecordMap open(PinnedMaps maps, String name, int layoutVersion) {
        MapRegion region = maps.region(name, MapKind.ARRAY, layoutVersion);
        return new RecordMap(
                region.data(), region.spec().recordBytes(), region.spec().capacity());
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
