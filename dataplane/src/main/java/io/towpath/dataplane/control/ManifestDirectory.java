package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.ManifestReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A directory of manifests (*.yaml, *.yml, *.json) as the source of truth, followed as files change. A file that cannot be read keeps the
 * objects it had. Control thread only.
 */
public final class ManifestDirectory implements AutoCloseable {
    /** Editors write in several steps; one reading afterwards is enough. */
    private static final long SETTLE_NS = 30_000_000;
    /** Safety net for file systems that do not tell of changes. */
    private static final long RESCAN_NS = 5_000_000_000L;

    private final Path directory;
    private final Consumer<String> problems;
    private final WatchService watcher;
    private final Map<Path, Loaded> files = new TreeMap<>();
    private long changedAtNs;
    private boolean changed;
    private long scannedAtNs;

    private record Loaded(FileTime modified, long size, List<ClusterObject> objects) {}

    /** @param problems gets one line for each thing that is wrong */
    public ManifestDirectory(Path directory, Consumer<String> problems) throws IOException {
        this.directory = directory;
        this.problems = problems;
        this.watcher = directory.getFileSystem().newWatchService();
        directory.register(
                watcher,
                StandardWatchEventKinds.ENTRY_CREATE,
                StandardWatchEventKinds.ENTRY_MODIFY,
                StandardWatchEventKinds.ENTRY_DELETE);
        scan();
    }

    /** Looks for changes without blocking. Returns whether {@link #objects} has something new. */
    public boolean poll() {
        long nowNs = System.nanoTime();
        for (WatchKey key = watcher.poll(); key != null; key = watcher.poll()) {
            key.pollEvents();
            key.reset();
            changed = true;
            changedAtNs = nowNs;
        }
        boolean settled = changed && nowNs - changedAtNs > SETTLE_NS;
        if (!settled && nowNs - scannedAtNs < RESCAN_NS) {
            return false;
        }
        changed = false;
        return scan();
    }

    private boolean scan() {
        scannedAtNs = System.nanoTime();
        Map<Path, Loaded> before = new HashMap<>(files);
        boolean different = false;
        List<Path> present = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, "*.{yaml,yml,json}")) {
            stream.forEach(present::add);
        } catch (IOException e) {
            problems.accept(directory + ": cannot be read, its last state stays: " + e.getMessage());
            return false;
        }
        for (Path file : present) {
            different |= load(file, before.remove(file));
        }
        different |= !before.isEmpty();
        before.keySet().forEach(files::remove);
        return different;
    }

    private boolean load(Path file, Loaded known) {
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            if (known != null && known.modified().equals(modified) && known.size() == size) {
                return false;
            }
            List<ClusterObject> objects = known == null ? List.of() : known.objects();
            boolean read = false;
            try {
                objects = ManifestReader.read(file);
                read = true;
            } catch (ManifestException e) {
                e.problems().forEach(problems);
                problems.accept(file + ": keeps its last good state");
            }
            files.put(file, new Loaded(modified, size, objects));
            return read;
        } catch (IOException e) {
            return false; // it vanished; the next scan sees that
        }
    }

    /** Returns the objects of all files; of two with one name the one in the later file counts. */
    public Collection<ClusterObject> objects() {
        Map<ClusterObject.Key, ClusterObject> objects = new LinkedHashMap<>();
        for (Map.Entry<Path, Loaded> file : files.entrySet()) {
            for (ClusterObject object : file.getValue().objects()) {
                if (objects.put(object.key(), object) != null) {
                    problems.accept(file.getKey() + ": " + object.key() + " is defined twice, this one counts");
                }
            }
        }
        return objects.values();
    }

    @Override
    public void close() {
        try {
            watcher.close();
        } catch (IOException e) {
            problems.accept(directory + ": " + e.getMessage());
        }
    }
}
