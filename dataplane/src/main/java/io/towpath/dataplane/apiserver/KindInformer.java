package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.net.HttpURLConnection;

/**
 * Follows the objects of one kind. Handlers run one after the other, on threads of the client library.
 *
 * <p>Within a watch resource versions only grow (KEP-5504), so that an older one is a late duplicate. A list counts whatever its version is:
 * a server that was set back to a backup has older ones.
 */
final class KindInformer<T extends HasMetadata> implements ResourceEventHandler<T>, AutoCloseable {
    /** Objects of one answer: the largest slices make 10 MB of it. client-go asks for as many. */
    private static final long PAGE = 500;

    private final ObservedKind<T> kind;
    private final PendingEvents pending;
    private final ConnectionHealth health;
    private final SharedIndexInformer<T> informer;

    private boolean isListing = true;
    private long version;
    private volatile boolean synced;
    private volatile boolean absent;

    /** Starts at once, and without waiting. */
    KindInformer(ObservedKind<T> kind, Informable<T> informable, PendingEvents pending, ConnectionHealth health) {
        this.kind = kind;
        this.pending = pending;
        this.health = health;
        this.informer = informable.withLimit(PAGE).runnableInformer(0);
        informer.removeNamespaceIndex()
                .itemStore(new MetadataStore<>(kind.empty()))
                .exceptionHandler((started, failure) -> onFailure(failure))
                .addEventHandler(this);
        informer.start();
    }

    String kind() {
        return kind.name();
    }

    /** Returns whether all objects of the kind were told of once; there may be none. */
    boolean isSynced() {
        return synced;
    }

    /** Returns whether the server does not know the kind. */
    boolean isAbsent() {
        return absent;
    }

    @Override
    public void onBeforeList(String lastResourceVersion) {
        isListing = true;
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
        isListing = false;
        version = number(resourceVersion);
        synced = true;
        health.heard();
        pending.tell();
    }

    @Override
    public void onAdd(T object) {
        upsert(object);
    }

    @Override
    public void onUpdate(T reduced, T object) {
        upsert(object);
    }

    private void upsert(T object) {
        if (!isOutOfOrder(object)) {
            pending.upsert(kind.conversion().convert(object));
            health.heard();
        }
    }

    @Override
    public void onDelete(T object, boolean isFinalStateUnknown) {
        if (!isOutOfOrder(object)) {
            pending.delete(kind.key(object));
            health.heard();
        }
    }

    private boolean isOutOfOrder(T object) {
        if (isListing) {
            return false;
        }
        long of = number(object.getMetadata().getResourceVersion());
        if (of < version) {
            return true;
        }
        version = of;
        return false;
    }

    private static long number(String resourceVersion) {
        try {
            return resourceVersion == null ? 0 : Long.parseLong(resourceVersion);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE; // no server does that; then every event counts
        }
    }

    /** Returns whether to try again, later and later. */
    private boolean onFailure(Throwable failure) {
        KubernetesClientException answer = Causes.find(failure, KubernetesClientException.class);
        int code = answer == null ? 0 : answer.getCode();
        if (code == HttpURLConnection.HTTP_NOT_FOUND) {
            if (kind.isOptional()) {
                absent = true;
                synced = true;
                return false;
            }
            health.failed(kind.resource(), "404 Not Found: the server does not know " + kind.apiVersion());
        } else if (code == 0 && !isReported(failure)) {
            health.failed(kind.resource(), Causes.deepest(failure));
        }
        return true;
    }

    private static boolean isReported(Throwable failure) {
        WatcherException watch = Causes.find(failure, WatcherException.class);
        return Causes.find(failure, IOException.class) != null || watch != null && watch.isHttpGone();
    }

    @Override
    public void close() {
        informer.stop();
    }
}
