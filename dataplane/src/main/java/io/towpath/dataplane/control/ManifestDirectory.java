package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.IoFailure;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.ManifestReader;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A directory of manifests (*.yaml, *.yml, *.json) as the source of truth, followed as files change: the objects that differ are told, file by
 * file. A file that cannot be read keeps the objects it had. Of two objects with one name the one in the later file counts. Control thread
 * only; a thread of its own waits for the file system to tell of changes.
 */
public final class ManifestDirectory implements ClusterSource {
    /** Editors write in several steps; one reading afterwards is enough. */
    private static final long SETTLE_MS = 30;
    /** Safety net for file systems that do not tell of changes. */
    private static final long RESCAN_NS = 5_000_000_000L;

    private final Path directory;
    private final Consumer<String> problems;
    private final WatchService watcher;
    private final Map<Path, Loaded> files = new TreeMap<>();
    /** The files that define an object, in order; the last one counts. */
    private final Map<ClusterObject.Key, List<Path>> definedIn = new HashMap<>();

    /** When the first of the changes was heard of that are not told yet, of System.nanoTime; 0 where there is none. */
    private volatile long changedNs;

    private volatile Runnable news = () -> {};
    private long oldestReceivedNs;
    private boolean scanned;
    private long scannedAtNs;
    private final long openedAtMs = System.currentTimeMillis();
    private volatile long toldAtMs;
    /** Why the directory could not be read the last time, empty where it could. */
    private String failure = "";

    private record Loaded(FileTime modified, long size, Map<ClusterObject.Key, ClusterObject> objects) {}

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
        Thread.ofPlatform().name("manifests").daemon().start(this::watch);
    }

    private void watch() {
        try {
            while (true) {
                WatchKey key = watcher.take();
                long firstNs = System.nanoTime();
                for (; key != null; key = watcher.poll(SETTLE_MS, TimeUnit.MILLISECONDS)) {
                    key.pollEvents();
                    key.reset();
                }
                changedNs = changedNs == 0 ? firstNs : changedNs;
                news.run();
            }
        } catch (ClosedWatchServiceException e) {
            // the end
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void onNews(Runnable action) {
        news = action;
    }

    /**
     * Looks for changes without blocking; the first call reads everything.
     *
     * @return whether anything was told, or this was the first call
     */
    @Override
    public boolean poll(ClusterEvents events) {
        long nowNs = System.nanoTime();
        long receivedNs = changedNs;
        if (scanned && receivedNs == 0 && nowNs - scannedAtNs < RESCAN_NS) {
            return false;
        }
        changedNs = 0; // before the files are looked at: what changes meanwhile counts again
        boolean first = !scanned;
        oldestReceivedNs = first ? 0 : receivedNs == 0 ? nowNs : receivedNs;
        scannedAtNs = nowNs;
        boolean told = scan(events);
        if (told) {
            toldAtMs = System.currentTimeMillis();
        }
        return told || first;
    }

    @Override
    public long oldestReceivedNs() {
        return oldestReceivedNs;
    }

    @Override
    public SourceStatus status() {
        return new SourceStatus(
                "manifests in " + directory, SourceStatus.State.LIVE, openedAtMs, toldAtMs, Map.of(), Set.of(), "");
    }

    /** Reads what changed since the last scan, whether the file system told of it or not. */
    boolean scan(ClusterEvents events) {
        scanned = true;
        TreeSet<Path> present = new TreeSet<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, "*.{yaml,yml,json}")) {
            stream.forEach(present::add);
        } catch (IOException e) {
            sayOnce(directory + ": cannot be read, its last state stays: " + IoFailure.reason(e));
            return false;
        }
        failure = "";
        boolean told = false;
        List<Path> gone = new ArrayList<>(files.keySet());
        gone.removeAll(present);
        for (Path file : gone) { // first, so that a renamed file does not define its objects twice
            told |= replace(file, files.remove(file).objects(), Map.of(), events);
        }
        for (Path file : present) {
            told |= load(file, events);
        }
        return told;
    }

    /** Each look that fails as the one before says nothing. */
    private void sayOnce(String text) {
        if (!text.equals(failure)) {
            failure = text;
            problems.accept(text);
        }
    }

    private boolean load(Path file, ClusterEvents events) {
        try {
            Loaded known = files.get(file);
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            if (known != null && known.modified().equals(modified) && known.size() == size) {
                return false;
            }
            Map<ClusterObject.Key, ClusterObject> before = known == null ? Map.of() : known.objects();
            try {
                Map<ClusterObject.Key, ClusterObject> objects = objects(file);
                files.put(file, new Loaded(modified, size, objects));
                return replace(file, before, objects, events);
            } catch (ManifestException e) {
                e.problems().forEach(problems);
                problems.accept(file + ": keeps its last good state");
                files.put(file, new Loaded(modified, size, before));
                return false;
            }
        } catch (IOException e) {
            return false; // it vanished; the next scan sees that
        }
    }

    private Map<ClusterObject.Key, ClusterObject> objects(Path file) throws ManifestException {
        Map<ClusterObject.Key, ClusterObject> objects = new LinkedHashMap<>();
        for (ClusterObject object : ManifestReader.read(file)) {
            if (objects.put(object.key(), object) != null) {
                problems.accept(file + ": " + object.key() + " is defined twice, the last one counts");
            }
        }
        return objects;
    }

    /** Tells how what counts differs. */
    private boolean replace(
            Path file,
            Map<ClusterObject.Key, ClusterObject> before,
            Map<ClusterObject.Key, ClusterObject> after,
            ClusterEvents events) {
        boolean told = false;
        for (ClusterObject.Key key : before.keySet()) {
            if (!after.containsKey(key)) {
                told |= undefine(key, file, events);
            }
        }
        for (Map.Entry<ClusterObject.Key, ClusterObject> entry : after.entrySet()) {
            ClusterObject.Key key = entry.getKey();
            ClusterObject old = before.get(key);
            if (old == null) {
                define(key, file);
            }
            boolean counts = definedIn.get(key).getLast().equals(file);
            if (counts && !entry.getValue().equals(old)) {
                events.upsert(entry.getValue());
                told = true;
            }
        }
        return told;
    }

    private void define(ClusterObject.Key key, Path file) {
        List<Path> others = definedIn.getOrDefault(key, List.of());
        TreeSet<Path> all = new TreeSet<>(others);
        all.add(file);
        definedIn.put(key, List.copyOf(all));
        if (all.size() > 1) {
            problems.accept(file + ": " + key + " is defined twice, the one in " + all.getLast() + " counts");
        }
    }

    private boolean undefine(ClusterObject.Key key, Path file, ClusterEvents events) {
        List<Path> left = new ArrayList<>(definedIn.get(key));
        boolean counted = left.getLast().equals(file);
        left.remove(file);
        if (left.isEmpty()) {
            definedIn.remove(key);
            events.delete(key);
        } else {
            definedIn.put(key, List.copyOf(left));
            if (counted) {
                events.upsert(files.get(left.getLast()).objects().get(key));
            }
        }
        return counted;
    }

    @Override
    public void close() {
        try {
            watcher.close();
        } catch (IOException e) {
            problems.accept(directory + ": " + IoFailure.reason(e));
        }
    }
}
