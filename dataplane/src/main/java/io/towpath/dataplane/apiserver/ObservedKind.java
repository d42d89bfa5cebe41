package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.towpath.dataplane.model.ClusterObject;
import java.util.function.Supplier;

/**
 * A kind of objects that is followed.
 *
 * @param name as in {@link ClusterObject.Key}
 * @param resource last part of its path
 * @param isOptional servers without it have none of it
 * @param empty makes an object without contents
 */
record ObservedKind<T extends HasMetadata>(
        String name,
        String resource,
        String apiVersion,
        boolean isOptional,
        Supplier<T> empty,
        Api.Conversion<T> conversion) {
    static final ObservedKind<Service> SERVICE =
            new ObservedKind<>("Service", "services", "v1", false, Service::new, ServiceConversion::convert);
    static final ObservedKind<EndpointSlice> ENDPOINT_SLICE = new ObservedKind<>(
            "EndpointSlice",
            "endpointslices",
            "discovery.k8s.io/v1",
            false,
            EndpointSlice::new,
            EndpointSliceConversion::convert);
    static final ObservedKind<Node> NODE =
            new ObservedKind<>("Node", "nodes", "v1", false, Node::new, NodeConversion::convert);

    /** Since Kubernetes 1.33. */
    static final ObservedKind<ServiceCIDR> SERVICE_CIDR = new ObservedKind<>(
            "ServiceCIDR",
            "servicecidrs",
            "networking.k8s.io/v1",
            true,
            ServiceCIDR::new,
            ServiceCidrConversion::convert);

    ClusterObject.Key key(T object) {
        return new ClusterObject.Key(
                name,
                Api.text(object.getMetadata().getNamespace()),
                object.getMetadata().getName());
    }
}
