package io.towpath.maps;

import io.towpath.linux.LinuxException;
import io.towpath.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Maps pinned as files {@code NAME.map} (mode 0600) in a directory of the instance (mode 0700), so that other processes can read them.
 * A directory belongs to one process: its id stands in the file {@code pid} until the store is closed.
 */
public final class PinnedMapStore implements MapStore {
    static final String SUFFIX = ".map";
    static final String PID_FILE = "pid";

    private final Path directory;
    private final List<MapRegion> regions = new ArrayList<>();

    private PinnedMapStore(Path directory) {
        this.directory = directory;
    }

    /**
     * Takes over a directory, which is made if missing; files of a dead owner are removed.
     *
     * @throws MapException if a live process owns it, or it cannot be written
     */
    public static PinnedMapStore open(Path directory) {
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path pidFile = directory.resolve(PID_FILE);
            if (Files.exists(pidFile)) {
                long owner = Long.parseLong(Files.readString(pidFile).strip());
                if (owner != ProcessHandle.current().pid()
                        && ProcessHandle.of(owner).isPresent()) {
                    throw new MapException("instance directory " + directory + " belongs to the running process "
                            + owner + ": stop it, or give this instance another name");
                }
            }
            removeFiles(directory);
            Files.writeString(pidFile, ProcessHandle.current().pid() + "\n");
            return new PinnedMapStore(directory);
        } catch (IOException | NumberFormatException e) {
            throw new MapException("cannot use instance directory " + directory + ": " + e.getMessage(), e);
        }
    }

    @Override
    public MapRegion create(MapSpec spec) {
        Path file = directory.resolve(spec.name() + SUFFIX);
        try {
            MapRegion region =
                    MapRegion.create(MappedMemory.create(file, spec.dataBytes() + MapRegion.HEADER_BYTES), spec);
            regions.add(region);
            return region;
        } catch (LinuxException e) {
            throw new MapException("cannot pin map " + spec.name() + ": " + e.getMessage(), e);
        }
    }

    /** Unmaps everything and removes the files. */
    @Override
    public void close() {
        regions.forEach(MapRegion::close);
        regions.clear();
        try {
            removeFiles(directory);
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new MapException("cannot remove instance directory " + directory + ": " + e.getMessage(), e);
        }
    }

    private static void removeFiles(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (name.endsWith(SUFFIX) || name.equals(PID_FILE)) {
                    Files.delete(file);
                }
            }
        }
    }
}
