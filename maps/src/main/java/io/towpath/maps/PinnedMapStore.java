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
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Maps pinned as files {@code NAME.map} (mode 0600) in a directory of the instance (mode 0700), so that other processes can read them,
 * and the owner's next process can go on with them. A directory belongs to the one process that has it locked; its id stands in the file
 * {@code pid}.
 *
 * <p>The file {@code boot} has the kernel's id of the machine's run. Maps of another one are removed: the times in them are of a clock
 * that began anew (CLOCK_MONOTONIC), and the connections are gone.
 */
public final class PinnedMapStore implements MapStore {
    static final String SUFFIX = ".map";
    /** Of a map that {@link #commit} puts in the place of one that an earlier owner left. */
    private static final String FRESH_SUFFIX = ".map.new";

    static final String PID_FILE = "pid";
    static final String BOOT_FILE = "boot";

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    /** An owner that ends removes the directory, possibly between our look and our lock. */
    private static final int LOCK_ATTEMPTS = 3;

    private final Path directory;
    private final DirectoryLock lock;
    private final Consumer<String> log;
    private final boolean tookOver;
    private final Map<String, MapRegion> regions = new HashMap<>();

    private PinnedMapStore(Path directory, DirectoryLock lock, Consumer<String> log, boolean tookOver) {
        this.directory = directory;
        this.lock = lock;
        this.log = log;
        this.tookOver = tookOver;
    }

    /**
     * Takes over a directory, which is made if missing. What a dead owner left stays until it is replaced or
     * {@link #commit removed}.
     *
     * @param log told what cannot be taken over, one line each
     * @throws MapException if a live process owns it, others can get at it, or it cannot be written
     */
    public static PinnedMapStore open(Path directory, Consumer<String> log) {
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
                    return takeOver(directory, lock, log);
                }
                lock.close();
            }
            throw new MapException("instance directory " + directory + " is made and removed by others all the time");
        } catch (IOException | LinuxException e) {
            throw new MapException("cannot use instance directory " + directory + ": " + e.getMessage(), e);
        }
    }

    private static PinnedMapStore takeOver(Path directory, DirectoryLock lock, Consumer<String> log)
            throws IOException {
        try {
            removeFresh(directory); // of an owner that was killed before its start succeeded
            boolean hasMaps = !maps(directory).isEmpty();
            boolean isOfThisBoot = isOfThisBoot(directory);
            if (hasMaps && !isOfThisBoot) {
                log.accept("what is left in " + directory + " is not of this run of the machine: all maps start empty");
            }
            if (!isOfThisBoot) {
                removeFiles(directory);
                Files.copy(BOOT_ID, directory.resolve(BOOT_FILE));
            }
            Files.writeString(
                    directory.resolve(PID_FILE), ProcessHandle.current().pid() + "\n");
            return new PinnedMapStore(directory, lock, log, hasMaps && isOfThisBoot);
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean isOfThisBoot(Path directory) throws IOException {
        Path boot = directory.resolve(BOOT_FILE);
        return Files.isRegularFile(boot) && Files.readString(boot).equals(Files.readString(BOOT_ID));
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

    private static Path fresh(Path file) {
        String name = file.getFileName().toString();
        return file.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + FRESH_SUFFIX);
    }

    private Path file(String name) {
        return directory.resolve(name + SUFFIX);
    }

    /** Returns the directory; files in it that are no maps are their makers' own. */
    public Path directory() {
        return directory;
    }

    /** Returns whether an earlier process of this run of the machine left maps. */
    public boolean tookOver() {
        return tookOver;
    }

    @Override
    public MapRegion create(MapSpec spec) {
        return create(spec, file(spec.name()));
    }

    @Override
    public MapRegion createBeside(MapSpec spec) {
        Path file = file(spec.name());
        return create(spec, Files.exists(file) ? fresh(file) : file);
    }

    private MapRegion create(MapSpec spec, Path file) {
        try {
            forget(spec.name());
            Files.deleteIfExists(file);
            MapRegion region =
                    MapRegion.create(MappedMemory.create(file, spec.dataBytes() + MapRegion.HEADER_BYTES), spec);
            regions.put(spec.name(), region);
            return region;
        } catch (LinuxException | IOException e) {
            throw new MapException("cannot pin map " + spec.name() + ": " + e.getMessage(), e);
        }
    }

    private void forget(String name) {
        MapRegion old = regions.remove(name);
        if (old != null) {
            old.close();
        }
    }

    @Override
    public MapRegion leftover(String name) {
        Path file = file(name);
        try {
            if (!Files.isRegularFile(file)) {
                return null;
            }
            long bytes = Files.size(file);
            if (bytes <= MapRegion.HEADER_BYTES) {
                throw new MapException(file + " is truncated: " + bytes + " bytes");
            }
            MapRegion region = readable(file, name, bytes);
            region.own();
            regions.put(name, region);
            return region;
        } catch (MapException | LinuxException | IOException e) {
            refuse(name, e.getMessage());
            return null;
        }
    }

    private static MapRegion readable(Path file, String name, long bytes) {
        MappedMemory memory = MappedMemory.open(file, bytes);
        try {
            return MapRegion.open(memory, file, name, bytes);
        } catch (MapException e) {
            memory.close();
            throw e;
        }
    }

    @Override
    public void refuse(String name, String why) {
        log.accept("map " + name + " of the last run is not taken over and starts empty: " + why);
    }

    /**
     * The owner's start has succeeded: what an earlier one left is replaced, or removed where nobody asked for it. Before that, a start that
     * fails and {@link #keep keeps} the maps leaves the earlier owner's.
     */
    public void commit() {
        try {
            for (Path file : maps(directory)) {
                String name = file.getFileName().toString();
                if (Files.exists(fresh(file))) {
                    Files.move(fresh(file), file, StandardCopyOption.ATOMIC_MOVE);
                } else if (!regions.containsKey(name.substring(0, name.length() - SUFFIX.length()))) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw new MapException("cannot replace old maps in " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Unmaps everything and leaves the files to the next owner. */
    public void keep() {
        unmap();
        try {
            removeFresh(directory);
            Files.deleteIfExists(directory.resolve(PID_FILE)); // nobody runs here
        } catch (IOException e) {
            throw new MapException("cannot write to " + directory + ": " + e.getMessage(), e);
        } finally {
            lock.close();
        }
    }

    /** Unmaps everything and removes the files. */
    @Override
    public void close() {
        unmap();
        try {
            removeFiles(directory);
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new MapException("cannot remove instance directory " + directory + ": " + e.getMessage(), e);
        } finally {
            lock.close();
        }
    }

    private void unmap() {
        regions.values().forEach(MapRegion::close);
        regions.clear();
    }

    private static void removeFiles(Path directory) throws IOException {
        removeFresh(directory);
        for (Path file : maps(directory)) {
            Files.delete(file);
        }
        Files.deleteIfExists(directory.resolve(PID_FILE));
        Files.deleteIfExists(directory.resolve(BOOT_FILE));
    }

    private static void removeFresh(Path directory) throws IOException {
        for (Path file : files(directory, FRESH_SUFFIX)) {
            Files.delete(file);
        }
    }

    private static List<Path> maps(Path directory) throws IOException {
        return files(directory, SUFFIX);
    }

    private static List<Path> files(Path directory, String suffix) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + suffix)) {
            files.forEach(found::add);
        }
        return found;
    }
}
