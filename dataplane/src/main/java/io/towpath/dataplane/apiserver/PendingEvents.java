package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ClusterObject;
import java.util.HashMap;
import java.util.Map;

/**
 * What informers heard and the control thread did not take yet: the last state of each object, so that it grows with the cluster at most,
 * whatever the rate of events. Informers put, the control thread takes; neither waits longer than for a map operation.
 */
final class PendingEvents {
    private Map<ClusterObject.Key, ClusterObject> changed = new HashMap<>();
    private long oldestNs;
    private volatile boolean isEmpty = true;
    private volatile Runnable news = () -> {};

    /**
     * Some changes.
     *
     * @param changed objects by key, null for those that are gone
     * @param oldestNs when the first of them was heard of, of System.nanoTime
     */
    record Batch(Map<ClusterObject.Key, ClusterObject> changed, long oldestNs) {}

    /** Has an action run when there is something to take again. */
    void onNews(Runnable action) {
        news = action;
    }

    /** Something else changed that the control thread is to know. */
    void tell() {
        news.run();
    }

    void upsert(ClusterObject object) {
        put(object.key(), object);
    }

    void delete(ClusterObject.Key key) {
        put(key, null);
    }

    private synchronized void put(ClusterObject.Key key, ClusterObject object) {
        if (changed.isEmpty()) {
            oldestNs = System.nanoTime();
        }
        changed.put(key, object);
        if (isEmpty) {
            isEmpty = false;
            news.run();
        }
    }

    boolean isEmpty() {
        return isEmpty;
    }

    synchronized Batch take() {
        Batch batch = new Batch(changed, oldestNs);
        changed = new HashMap<>();
        isEmpty = true;
        return batch;
    }
}
