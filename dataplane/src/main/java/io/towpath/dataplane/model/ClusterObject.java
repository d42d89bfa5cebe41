package io.towpath.dataplane.model;

import io.towpath.nat.Protocol;
import java.util.List;
import java.util.Map;

/** A Kubernetes object. Texts are as the API has them; addresses are not parsed yet. */
public sealed interface ClusterObject {
    /** Returns the namespace, empty for cluster-wide kinds. */
    String namespace();

    String name();

    default Key key() {
        return new Key(getClass().getSimpleName(), namespace(), name());
    }

    /** Identifies an object. */
    record Key(String kind, String namespace, String name) {
        @Override
        public String toString() {
            return kind + " " + (namespace.isEmpty() ? name : namespace + "/" + name);
        }
    }

    /**
     * v1 Service.
     *
     * @param created creationTimestamp as the API writes it (RFC 3339, so that text order is time order), empty where unknown
     * @param affinitySeconds ClientIP affinity, 0 where there is none
     * @param healthCheckNodePort 0 where there is none
     */
    record Service(
            String namespace,
            String name,
            String created,
            Map<String, String> labels,
            Map<String, String> annotations,
            String type,
            List<String> clusterIps,
            List<String> externalIps,
            List<Ingress> ingress,
            List<String> sourceRanges,
            List<Port> ports,
            int affinitySeconds,
            boolean internalLocal,
            boolean externalLocal,
            int healthCheckNodePort)
            implements ClusterObject {}

    /** status.loadBalancer.ingress of a Service. */
    record Ingress(String ip, String ipMode) {}

    /** spec.ports of a Service; {@code nodePort} is 0 where there is none. */
    record Port(String name, Protocol protocol, int port, int nodePort) {}

    /**
     * discovery.k8s.io/v1 EndpointSlice.
     *
     * @param service of the label kubernetes.io/service-name, empty where absent
     * @param headless has the label service.kubernetes.io/headless
     */
    record EndpointSlice(
            String namespace,
            String name,
            String service,
            boolean headless,
            String addressType,
            List<EndpointPort> ports,
            List<Endpoint> endpoints)
            implements ClusterObject {}

    /** ports of an EndpointSlice; ports without a name or a number are left out. */
    record EndpointPort(String name, Protocol protocol, int port) {}

    /** endpoints of an EndpointSlice, conditions with their defaults. */
    record Endpoint(
            String address,
            boolean ready,
            boolean serving,
            boolean terminating,
            String nodeName,
            List<String> zoneHints,
            List<String> nodeHints) {}

    /**
     * v1 Node.
     *
     * @param taints keys of spec.taints
     * @param deleting has a deletionTimestamp
     */
    record Node(
            String name,
            List<String> addresses,
            List<String> podCidrs,
            String zone,
            List<String> taints,
            boolean deleting)
            implements ClusterObject {
        @Override
        public String namespace() {
            return "";
        }
    }

    /** networking.k8s.io/v1 ServiceCIDR. */
    record ServiceCidr(String name, List<String> cidrs) implements ClusterObject {
        @Override
        public String namespace() {
            return "";
        }
    }
}
