package io.towpath.maps;

import io.towpath.linux.LinuxException;
import io.towpath.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Read-only view of another process's pinned maps. */
public final class PinnedMaps implements AutoCloseable {
    private final Path directory;
    private final List<MapRegion> regions = new ArrayList<>();

    private PinnedMaps(Path directory) {
        this.directory = directory;
    }

    /** @throws MapException if no instance is pinned there */
    public static PinnedMaps open(Path directory) {
        if (!Files.isRegularFile(directory.resolve(PinnedMapStore.PID_FILE))) {
            throw new MapException("no instance in " + directory + ": is the engine running, and under this name?");
        }
        return new PinnedMaps(directory);
    }

    /**
     * Opens one map.
     *
     * @throws MapException if it is missing, damaged, or of another kind or layout
     */
    public MapRegion region(String name, MapKind kind, int layoutVersion) {
        Path file = directory.resolve(name + PinnedMapStore.SUFFIX);
        try {
            long bytes = Files.size(file);
            if (bytes < MapRegion.HEADER_BYTES) {
                throw new MapException(file + " is truncated: " + bytes + " bytes");
            }
            MappedMemory memory = MappedMemory.openReadOnly(file, bytes);
            try {
                MapRegion region = MapRegion.open(memory, file, name, bytes).require(kind, layoutVersion);
                regions.add(region);
                return region;
            } catch (MapException e) {
                memory.close();
                throw e;
            }
        } catch (IOException | LinuxException e) {
            throw new MapException("cannot read map " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        regions.forEach(MapRegion::close);
        regions.clear();
    }
}
