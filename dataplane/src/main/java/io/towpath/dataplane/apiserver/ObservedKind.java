package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.towpath.dataplane.model.ClusterObject;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A kind of objects that is followed.
 *
 * @param isOptional servers without it have none of it
 * @param empty makes an object without contents
 */
record ObservedKind<T extends Observed>(Class<T> type, boolean isOptional, Supplier<T> empty) {
    static final ObservedKind<Observed.OfService> SERVICE =
            new ObservedKind<>(Observed.OfService.class, false, Observed.OfService::new);
    static final ObservedKind<Observed.OfEndpointSlice> ENDPOINT_SLICE =
            new ObservedKind<>(Observed.OfEndpointSlice.class, false, Observed.OfEndpointSlice::new);
    static final ObservedKind<Observed.OfNode> NODE =
            new ObservedKind<>(Observed.OfNode.class, false, Observed.OfNode::new);
    static final ObservedKind<Observed.OfServiceCidr> SERVICE_CIDR =
            new ObservedKind<>(Observed.OfServiceCidr.class, true, Observed.OfServiceCidr::new);

    /** Returns its name as in {@link ClusterObject.Key}. */
    String name() {
        return HasMetadata.getKind(type);
    }

    /** Returns the last part of its path. */
    String resource() {
        return HasMetadata.getPlural(type);
    }

    String apiVersion() {
        return HasMetadata.getApiVersion(type);
    }

    ClusterObject.Key key(T object) {
        return new ClusterObject.Key(
                name(),
                Objects.requireNonNullElse(object.getMetadata().getNamespace(), ""),
                object.getMetadata().getName());
    }
}
