package io.towpath.dataplane.events;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.api.model.events.v1.EventList;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.model.ClusterObject;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Writes Events (events.k8s.io/v1) on a thread of its own. None is worth a second attempt: what cannot be written is counted and lost, as the
 * log has it, too.
 */
public final class EventWriter implements AutoCloseable {
    private static final String CONTROLLER = "towpath";
    private static final int QUEUE_LIMIT = 256;
    /** In characters: the API's limit is 1,024 bytes. */
    private static final int NOTE_LIMIT = 341;
    /** Of the API. */
    private static final int INSTANCE_LIMIT = 128;
    /** Names of Events have 253 characters at most, of which a dot and a UUID take 37. */
    private static final int NAME_LIMIT = 216;

    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final MixedOperation<Event, EventList, Resource<Event>> server;
    private final String nodeName;
    private final Function<ClusterObject.Key, String> uid;
    private final Consumer<String> log;
    private final BlockingQueue<ObjectWarning> queue = new ArrayBlockingQueue<>(QUEUE_LIMIT);
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;

    private final EventLimit limit = new EventLimit(System.nanoTime());
    private final SaidEvents said = new SaidEvents();
    private boolean failureWasSaid;
    private volatile boolean closed;

    /**
     * Starts the thread.
     *
     * @param uid of an object, null where it is not known; asked on the thread
     */
    public EventWriter(
            MixedOperation<Event, EventList, Resource<Event>> server,
            String nodeName,
            Function<ClusterObject.Key, String> uid,
            Consumer<String> log) {
        this.server = server;
        this.nodeName = nodeName;
        this.uid = uid;
        this.log = log;
        this.thread = Thread.ofVirtual().name("events").start(this::run);
    }

    /** Has an Event written about an object. Any thread, without blocking. */
    public void report(ObjectWarning warning) {
        if (!queue.offer(warning)) {
            lost.incrementAndGet();
        }
    }

    /** Returns how many were not written because there were too many, or the server did not take them. */
    public long lost() {
        return lost.get();
    }

    private void run() {
        try {
            while (true) {
                write(queue.take());
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void write(ObjectWarning warning) {
        long nowNs = System.nanoTime();
        if (!limit.take(nowNs)) {
            lost.incrementAndGet();
            return;
        }
        try {
            int count = said.say(warning, nowNs);
            Event event = event(warning);
            if (count == 1 || !continueSeries(event, count)) {
                server.inNamespace(event.getMetadata().getNamespace())
                        .resource(event)
                        .create();
            }
        } catch (RuntimeException e) {
            if (code(e) != HttpURLConnection.HTTP_CONFLICT) { // there it is: another node was first
                said.forget(warning);
                onFailure(e);
            }
        }
    }

    private static int code(RuntimeException e) {
        return e instanceof KubernetesClientException answer ? answer.getCode() : 0;
    }

    /** Returns false where the Event is gone: servers keep them for an hour. */
    private boolean continueSeries(Event event, int count) {
        String patch = "{\"series\":{\"count\":%d,\"lastObservedTime\":\"%s\"}}"
                .formatted(count, event.getEventTime().getTime());
        try {
            server.inNamespace(event.getMetadata().getNamespace())
                    .resource(event) // by name, the library would ask for it first: one more permission
                    .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
            return true;
        } catch (KubernetesClientException e) {
            if (code(e) == HttpURLConnection.HTTP_NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private void onFailure(RuntimeException e) {
        lost.incrementAndGet();
        if (!failureWasSaid && !closed) {
            failureWasSaid = true;
            log.accept("Events about misconfigured objects are not written: "
                    + (code(e) == HttpURLConnection.HTTP_FORBIDDEN
                            ? "403 Forbidden: the permission to create and patch them is missing (docs/api-server.md lists what is needed)"
                            : e.getMessage()));
        }
    }

    /**
     * Returns the Event of a warning. What all nodes say alike has one name, so that only the first of them adds an Event to the cluster.
     */
    private Event event(ObjectWarning warning) {
        ClusterObject.Key object = warning.object();
        String namespace = object.namespace().isEmpty() ? "default" : object.namespace();
        ObjectReference regarding = regarding(object);
        String what = regarding.getUid() + " " + warning.reason() + " " + warning.text();
        UUID hash = UUID.nameUUIDFromBytes(what.getBytes(StandardCharsets.UTF_8));
        return new EventBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName((object.name().length() <= NAME_LIMIT ? object.name() : CONTROLLER) + "." + hash)
                .endMetadata()
                .withEventTime(new MicroTime(MICROS.format(Instant.now())))
                .withType("Warning")
                .withReason(warning.reason())
                .withAction("Sync")
                .withNote(shortened(warning.text(), NOTE_LIMIT))
                .withRegarding(regarding)
                .withReportingController(CONTROLLER)
                .withReportingInstance(shortened(CONTROLLER + "-" + nodeName, INSTANCE_LIMIT))
                .build();
    }

    private ObjectReference regarding(ClusterObject.Key object) {
        String apiVersion = object.kind().equals("ServiceCIDR") ? "networking.k8s.io/v1" : "v1";
        return new ObjectReferenceBuilder()
                .withApiVersion(apiVersion)
                .withKind(object.kind())
                .withNamespace(object.namespace().isEmpty() ? null : object.namespace())
                .withName(object.name())
                .withUid(uid.apply(object))
                .build();
    }

    private static String shortened(String text, int limit) {
        return text.length() <= limit ? text : text.substring(0, limit);
    }

    /** Does not wait for what is still to be written. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        if (lost.get() > 0) {
            log.accept(lost.get() + " Events about misconfigured objects were not written");
        }
    }
}
