package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ClusterObject;

/** Collects what is wanted of one object of a kind; its metadata is collected by others. */
interface KindFields extends JsonFields.Target {
    ClusterObject object(MetadataFields metadata);
}
