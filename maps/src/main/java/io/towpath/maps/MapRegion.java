package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.linux.MappedMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The native region of one map: a page of header, then the map's data. Host byte order.
 *
 * <pre>
 *  0 magic "TOWPATHM"     8 header version (int)   12 kind (int)
 * 16 layout version (int) 20 record bytes (int)    24 capacity
 * 32 data bytes           40 owner's process id    48 creation time, ms since 1970
 * </pre>
 *
 * The rest of the page is zero. The data begins at {@value #HEADER_BYTES}, on a page boundary.
 */
public final class MapRegion implements AutoCloseable {
    /** Bytes before the data: one page, so that the data is page-aligned. */
    public static final int HEADER_BYTES = 4096;

    static final long MAGIC = 0x4D48_5441_5057_4F54L; // "TOWPATHM" read as little-endian
    static final int HEADER_VERSION = 1;
    static final int VERSION_OFFSET = 8;
    static final int KIND_OFFSET = 12;
    static final int LAYOUT_VERSION_OFFSET = 16;
    static final int RECORD_BYTES_OFFSET = 20;
    static final int CAPACITY_OFFSET = 24;
    static final int DATA_BYTES_OFFSET = 32;
    static final int OWNER_OFFSET = 40;
    static final int CREATED_OFFSET = 48;

    private final MappedMemory memory;
    private final MapSpec spec;

    private MapRegion(MappedMemory memory, MapSpec spec) {
        this.memory = memory;
        this.spec = spec;
    }

    static MapRegion create(MappedMemory memory, MapSpec spec) {
        MemorySegment header = memory.segment();
        header.set(JAVA_INT, VERSION_OFFSET, HEADER_VERSION);
        header.set(JAVA_INT, KIND_OFFSET, spec.kind().ordinal());
        header.set(JAVA_INT, LAYOUT_VERSION_OFFSET, spec.layoutVersion());
        header.set(JAVA_INT, RECORD_BYTES_OFFSET, spec.recordBytes());
        header.set(JAVA_LONG, CAPACITY_OFFSET, spec.capacity());
        header.set(JAVA_LONG, DATA_BYTES_OFFSET, spec.dataBytes());
        header.set(JAVA_LONG, OWNER_OFFSET, ProcessHandle.current().pid());
        header.set(JAVA_LONG, CREATED_OFFSET, System.currentTimeMillis());
        JAVA_LONG.varHandle().setRelease(header, 0L, MAGIC); // last: who sees the magic sees the header
        return new MapRegion(memory, spec);
    }

    /** Checks the header of a pinned file of {@code fileBytes} bytes and returns its region. */
    static MapRegion open(MappedMemory memory, Path file, String name, long fileBytes) {
        MemorySegment header = memory.segment();
        if ((long) JAVA_LONG.varHandle().getAcquire(header, 0L) != MAGIC) {
            throw new MapException(file + " is not a Towpath map (wrong magic)");
        }
        int version = header.get(JAVA_INT, VERSION_OFFSET);
        if (version != HEADER_VERSION) {
            throw new MapException(file + " has header version " + version + ", this build reads " + HEADER_VERSION);
        }
        int kind = header.get(JAVA_INT, KIND_OFFSET);
        long dataBytes = header.get(JAVA_LONG, DATA_BYTES_OFFSET);
        long capacity = header.get(JAVA_LONG, CAPACITY_OFFSET);
        int recordBytes = header.get(JAVA_INT, RECORD_BYTES_OFFSET);
        boolean fits = dataBytes > 0 && dataBytes <= fileBytes - HEADER_BYTES;
        if (kind < 0 || kind >= MapKind.values().length || !fits || capacity <= 0 || recordBytes <= 0) {
            throw new MapException(file + " is damaged or truncated: kind " + kind + ", " + dataBytes
                    + " bytes of data, " + fileBytes + " in the file");
        }
        return new MapRegion(
                memory,
                new MapSpec(
                        name,
                        MapKind.values()[kind],
                        header.get(JAVA_INT, LAYOUT_VERSION_OFFSET),
                        recordBytes,
                        capacity,
                        dataBytes));
    }

    /** Makes this process the owner of a region that another one left. */
    void own() {
        memory.segment().set(JAVA_LONG, OWNER_OFFSET, ProcessHandle.current().pid());
    }

    /** Returns the region if it has the kind and layout that the caller can read. */
    MapRegion require(MapKind kind, int layoutVersion) {
        if (spec.kind() != kind || spec.layoutVersion() != layoutVersion) {
            throw new MapException("map " + spec.name() + " is a " + spec.kind() + " of layout " + spec.layoutVersion()
                    + ", expected was " + kind + " of layout " + layoutVersion);
        }
        return this;
    }

    public MapSpec spec() {
        return spec;
    }

    /** Returns the data without the header, as a native segment. */
    public MemorySegment data() {
        return memory.segment().asSlice(HEADER_BYTES, spec.dataBytes());
    }

    @Override
    public void close() {
        memory.close();
    }
}
