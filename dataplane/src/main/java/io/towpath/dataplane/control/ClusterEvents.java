package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;

/** Told by a source of objects what changes in the cluster. Order between objects does not matter. Control thread only. */
public interface ClusterEvents {
    /** The object is new or changed. */
    void upsert(ClusterObject object);

    /** The object is gone; one that was never told of may be gone too. */
    void delete(ClusterObject.Key key);

    /** Tells both. */
    static ClusterEvents both(ClusterEvents first, ClusterEvents second) {
        return new ClusterEvents() {
            @Override
            public void upsert(ClusterObject object) {
                first.upsert(object);
                second.upsert(object);
            }

            @Override
            public void delete(ClusterObject.Key key) {
                first.delete(key);
                second.delete(key);
            }
        };
    }
}
