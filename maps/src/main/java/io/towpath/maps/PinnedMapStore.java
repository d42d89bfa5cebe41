package io.towpath.maps;

import io.towpath.linux.DirectoryLock;
import io.towpath.linux.LinuxException;
import io.towpath.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Maps pinned as files {@code NAME.map} (mode 0600) in a directory of the instance (mode 0700), so that other processes can read them.
 * A directory belongs to the one process that has it locked; its id stands in the file {@code pid}.
 */
public final class PinnedMapStore implements MapStore {
    static final String SUFFIX = ".map";
    static final String PID_FILE = "pid";

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    /** An owner that ends removes the directory, possibly between our look and our lock. */
    private static final int LOCK_ATTEMPTS = 3;

    private final Path directory;
    private final DirectoryLock lock;
    private final List<MapRegion> regions = new ArrayList<>();

    private PinnedMapStore(Path directory, DirectoryLock lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Takes over a directory, which is made if missing; files of a dead owner are removed.
     *
     * @throws MapException if a live process owns it, others can get at it, or it cannot be written
     */
    public static PinnedMapStore open(Path directory) {
        try {
            for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
                Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
                requireOurs(directory);
                DirectoryLock lock = DirectoryLock.tryLock(directory);
                if (lock == null) {
                    throw new MapException("instance directory " + directory + " belongs to the running process "
                            + owner(directory) + ": stop it, or give this instance another name");
                }
                if (lock.isOf(directory)) {
                    return takeOver(directory, lock);
                }
                lock.close();
            }
            throw new MapException("instance directory " + directory + " is made and removed by others all the time");
        } catch (IOException | LinuxException e) {
            throw new MapException("cannot use instance directory " + directory + ": " + e.getMessage(), e);
        }
    }

    private static PinnedMapStore takeOver(Path directory, DirectoryLock lock) throws IOException {
        try {
            removeFiles(directory);
            Files.writeString(
                    directory.resolve(PID_FILE), ProcessHandle.current().pid() + "\n");
            return new PinnedMapStore(directory, lock);
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    /** Whoever else could write here could hand us maps of his own. */
    private static void requireOurs(Path directory) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory()) {
            throw new MapException("instance directory " + directory + " is no directory: remove it");
        }
        UserPrincipal we = Files.getOwner(Path.of("/proc/self"));
        if (!attributes.owner().equals(we)) {
            throw new MapException("instance directory " + directory + " belongs to user "
                    + attributes.owner().getName() + ", not to " + we.getName()
                    + ": remove it, or give this instance another name");
        }
        if (!OWNER_ONLY.containsAll(attributes.permissions())) {
            throw new MapException("instance directory " + directory + " is open to other users ("
                    + PosixFilePermissions.toString(attributes.permissions()) + "): chmod 700 " + directory);
        }
    }

    private static String owner(Path directory) throws IOException {
        try {
            return Files.readString(directory.resolve(PID_FILE)).strip();
        } catch (NoSuchFileException e) {
            return "that is just starting";
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
        } finally {
            lock.close();
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
