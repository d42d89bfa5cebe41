package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.ClusterSource;
import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.control.SourceStatus;
import io.towpath.dataplane.control.SourceStatus.State;
import io.towpath.dataplane.events.EventWriter;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Node;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The API server as the source of objects. It tells nothing until all kinds were read once; where that does not come about soon, what an
 * earlier process kept on disk is told instead, until it does. Control thread only; {@link #status} from any thread.
 */
public final class ApiServerSource implements ClusterSource {
    /** How long a server may take that says nothing wrong, before what is on disk is used. */
    private static final long SAVED_STATE_AFTER_NS = TimeUnit.SECONDS.toNanos(5);

    private static final long LOG_INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);
    /** How often a server is asked again for a kind that it did not know. */
    private static final long ABSENT_INTERVAL_NS = TimeUnit.MINUTES.toNanos(10);

    private final Settings settings;
    private final String server;
    private final Consumer<String> log;
    private final LongSupplier nanoTime;
    private final PendingEvents pending = new PendingEvents();
    private final ConnectionHealth health = new ConnectionHealth();
    private final ApiServerClient client;
    private final List<KindInformer<?>> informers;
    private final EventWriter eventWriter;
    private final StateFile stateFile;
    private final StateSaver saver;

    /** What the server says; in force once {@link #state} is LIVE. */
    private final Map<ClusterObject.Key, ClusterObject> objects = new HashMap<>();
    /** What was told from disk; null once it is of no more use. */
    private Map<ClusterObject.Key, ClusterObject> saved = Map.of();

    private volatile State state = State.WAITING;
    private final long openedNs;
    private boolean savedWasTried;
    private boolean waitsForNode;
    private boolean absenceWasSaid;
    private boolean isAbsenceKnown;
    private long absentSinceNs;
    private long oldestReceivedNs;
    private int loggedVersion;
    private long loggedAtNs;
    private String loggedFailure = "";

    /**
     * What a source is to know.
     *
     * @param needsPodCidrs nothing is told until the own Node has pod CIDRs
     * @param stateFile where the last state is kept
     */
    public record Settings(String nodeName, boolean needsPodCidrs, Path stateFile) {}

    /** Starts to follow the server, whether it can be reached or not. */
    public ApiServerSource(ApiServerAccess access, Settings settings, Consumer<String> log) {
        this(access, settings, log, System::nanoTime);
    }

    ApiServerSource(ApiServerAccess access, Settings settings, Consumer<String> log, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.openedNs = nanoTime.getAsLong();
        this.loggedAtNs = openedNs - LOG_INTERVAL_NS;
        this.settings = settings;
        this.server = access.url();
        this.log = log;
        this.stateFile = new StateFile(settings.stateFile());
        this.saver = new StateSaver(stateFile, server, log, openedNs);
        this.client = new ApiServerClient(access, health, log);
        this.informers = new CopyOnWriteArrayList<>(client.follow(settings.nodeName(), pending, health));
        this.eventWriter = client.events(settings.nodeName(), this::uid, this::say);
    }

    @Override
    public void onNews(Runnable action) {
        pending.onNews(action);
    }

    @Override
    public boolean poll(ClusterEvents events) {
        long nowNs = nanoTime.getAsLong();
        report(nowNs);
        askAgainForAbsent(nowNs);
        boolean isSynced = isSynced(); // asked before the events are taken, as it is set after them
        boolean told = !pending.isEmpty() && take(events);
        if (state == State.LIVE) {
            saver.poll(nowNs, objects.values());
            return told;
        }
        if (isSynced && hasNeededNode()) {
            goLive(events);
            return true;
        }
        boolean isTooLate = health.hasEverFailed() || nowNs - openedNs > SAVED_STATE_AFTER_NS;
        return isTooLate && !savedWasTried && useSaved(events);
    }

    private String uid(ClusterObject.Key key) {
        return informers.stream()
                .filter(informer -> informer.kind().equals(key.kind()))
                .findFirst()
                .map(informer -> informer.uid(key))
                .orElse(null);
    }

    @Override
    public void report(ObjectWarning warning) {
        eventWriter.report(warning);
    }

    private boolean isSynced() {
        return informers.stream().allMatch(KindInformer::isSynced);
    }

    @Override
    public long oldestReceivedNs() {
        return oldestReceivedNs;
    }

    /** Takes over what the informers heard; returns whether it was told. */
    private boolean take(ClusterEvents events) {
        PendingEvents.Batch batch = pending.take();
        boolean told = false;
        for (Map.Entry<ClusterObject.Key, ClusterObject> entry : batch.changed().entrySet()) {
            ClusterObject object = entry.getValue();
            ClusterObject old = object == null ? objects.remove(entry.getKey()) : objects.put(entry.getKey(), object);
            boolean isNews = object == null ? old != null : !object.equals(old);
            if (isNews && state == State.LIVE) {
                tell(events, entry.getKey(), object);
                told = true;
            }
        }
        if (told) {
            oldestReceivedNs = batch.oldestNs();
            saver.changed();
        }
        return told;
    }

    private static void tell(ClusterEvents events, ClusterObject.Key key, ClusterObject object) {
        if (object == null) {
            events.delete(key);
        } else {
            events.upsert(object);
        }
    }

    private boolean hasNeededNode() {
        boolean has = !settings.needsPodCidrs()
                || objects.get(new ClusterObject.Key("Node", "", settings.nodeName())) instanceof Node node
                        && !node.podCidrs().isEmpty();
        if (!has && !waitsForNode) {
            say("Node " + settings.nodeName()
                    + " is missing or has no spec.podCIDRs yet, which detectLocalMode NodeCIDR"
                    + " needs: waiting for it" + consequence());
        }
        waitsForNode = !has;
        return has;
    }

    private void goLive(ClusterEvents events) {
        saved.keySet().stream().filter(key -> !objects.containsKey(key)).forEach(events::delete);
        objects.forEach((key, object) -> {
            if (!object.equals(saved.get(key))) {
                events.upsert(object);
            }
        });
        saved = Map.of();
        state = State.LIVE;
        oldestReceivedNs = 0;
        saver.changed();
        say("in force: " + count(objects));
    }

    private static String count(Map<ClusterObject.Key, ClusterObject> objects) {
        Map<String, Long> counts = objects.keySet().stream()
                .collect(Collectors.groupingBy(ClusterObject.Key::kind, Collectors.counting()));
        return "%,d Services, %,d EndpointSlices, %,d ServiceCIDRs"
                .formatted(
                        counts.getOrDefault("Service", 0L),
                        counts.getOrDefault("EndpointSlice", 0L),
                        counts.getOrDefault("ServiceCIDR", 0L));
    }

    private boolean useSaved(ClusterEvents events) {
        savedWasTried = true;
        try {
            Optional<SavedState> read = stateFile.read();
            if (read.isEmpty()) {
                say("not read yet (" + unsynced() + "), and nothing kept in " + stateFile.path() + consequence());
                return false;
            }
            if (!read.get().server().equals(server)) {
                say(stateFile.path() + " is of another server, " + read.get().server() + ", and left aside");
                return false;
            }
            saved = read.get().objects().collect(Collectors.toMap(ClusterObject::key, object -> object));
            saved.values().forEach(events::upsert);
            state = State.SAVED;
            oldestReceivedNs = 0;
            say("not read yet (" + unsynced() + "); in force as of "
                    + Instant.ofEpochMilli(read.get().savedAtMs()) + ", from " + stateFile.path() + ": "
                    + count(saved));
            return true;
        } catch (IOException e) {
            say(stateFile.path() + ": cannot be used: " + e.getMessage());
            return false;
        }
    }

    private String unsynced() {
        return informers.stream()
                .filter(informer -> !informer.isSynced())
                .map(KindInformer::kind)
                .collect(Collectors.joining(", "));
    }

    private String consequence() {
        return state == State.WAITING ? "; nothing is sent to Services until then" : "; the last state stays in force";
    }

    /** Says what changed about the connection, once, and not more often than it can be read. */
    private void report(long nowNs) {
        int version = health.version();
        if (version == loggedVersion || nowNs - loggedAtNs < LOG_INTERVAL_NS) {
            return;
        }
        loggedVersion = version;
        String failure = health.summary();
        if (failure.equals(loggedFailure)) {
            return;
        }
        say(failure.isEmpty() ? "everything can be read again" : failure + consequence());
        loggedFailure = failure;
        loggedAtNs = nowNs;
    }

    private void say(String text) {
        log.accept("api server " + server + ": " + text);
    }

    /** An upgrade of the server can bring a kind that it did not have. */
    private void askAgainForAbsent(long nowNs) {
        int last = informers.size() - 1;
        if (!informers.get(last).isAbsent()) {
            return;
        }
        if (!isAbsenceKnown) {
            isAbsenceKnown = true;
            absentSinceNs = nowNs;
            if (!absenceWasSaid) {
                absenceWasSaid = true;
                say("it has no ServiceCIDRs (Kubernetes before 1.33): taken as none");
            }
        } else if (nowNs - absentSinceNs > ABSENT_INTERVAL_NS) {
            isAbsenceKnown = false;
            informers.set(last, client.followServiceCidrs(pending, health)).close();
        }
    }

    @Override
    public SourceStatus status() {
        return new SourceStatus(
                "API server " + server,
                state,
                health.connectedSinceMs(),
                health.lastEventMs(),
                informers.stream()
                        .filter(informer -> informer.lastEventMs() != 0)
                        .collect(Collectors.toMap(KindInformer::kind, KindInformer::lastEventMs)),
                informers.stream()
                        .filter(KindInformer::isSynced)
                        .map(KindInformer::kind)
                        .collect(Collectors.toSet()),
                health.summary());
    }

    @Override
    public void close() {
        eventWriter.close();
        informers.forEach(KindInformer::close);
        client.close();
        if (state == State.LIVE) {
            saver.close(objects.values());
        } else {
            saver.close();
        }
    }
}
