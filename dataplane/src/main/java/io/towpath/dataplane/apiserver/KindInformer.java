package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.towpath.dataplane.model.ClusterObject;
import java.io.IOException;
import java.net.HttpURLConnection;

/**
 * Follows the objects of one kind. Handlers run one after the other, on threads of the client library.
 *
 * <p>Within a watch resource versions only grow (KEP-5504), so that an older one is a late duplicate. A list counts whatever its version is:
 * a server that was set back to a backup has older ones.
 */
final class KindInformer<T extends Observed> implements ResourceEventHandler<T>, AutoCloseable {
    /** Objects of one answer: the largest slices make 10 MB of it. client-go asks for as many. */
    private static final long PAGE = 500;

    private final ObservedKind<T> kind;
    private final PendingEvents pending;
    private final ConnectionHealth health;
    private final SharedIndexInformer<T> informer;
    private final MetadataStore<T> known;

    private boolean isListing = true;
    private long version;
    private volatile boolean synced;
    private volatile boolean absent;
    private volatile long lastEventMs;

    /** Starts at once, and without waiting. */
    KindInformer(ObservedKind<T> kind, Informable<T> informable, PendingEvents pending, ConnectionHealth health) {
        this.kind = kind;
        this.pending = pending;
        this.health = health;
        this.known = new MetadataStore<>(kind.empty());
        this.informer = informable.withLimit(PAGE).runnableInformer(0);
        informer.removeNamespaceIndex()
                .itemStore(known)
                .exceptionHandler((started, failure) -> onFailure(failure))
                .addEventHandler(this);
        informer.start();
    }

    String kind() {
        return kind.name();
    }

    /** Returns what the server calls an object of the kind, null where it is not known. Any thread. */
    String uid(ClusterObject.Key key) {
        T object = known.get(Cache.namespaceKeyFunc(key.namespace(), key.name()));
        return object == null ? null : object.getMetadata().getUid();
    }

    /** Returns whether all objects of the kind were told of once; there may be none. */
    boolean isSynced() {
        return synced;
    }

    /** Returns whether the server does not know the kind. */
    boolean isAbsent() {
        return absent;
    }

    /** Returns when the server last told of an object, or listed all, in milliseconds since 1970; 0 for never. */
    long lastEventMs() {
        return lastEventMs;
    }

    private void heard() {
        lastEventMs = System.currentTimeMillis();
        health.heard();
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
        heard();
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
            pending.upsert(object.object());
            heard();
        }
    }

    @Override
    public void onDelete(T object, boolean isFinalStateUnknown) {
        if (!isOutOfOrder(object)) {
            pending.delete(kind.key(object));
            heard();
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
