package io.towpath.dataplane.model;

import java.util.List;
import java.util.Map;

/**
 * A Kubernetes object. Texts and numbers are as the API has them, unchecked: what they mean is decided in one place for all sources of
 * objects. Texts that many objects have in common are shared.
 */
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
     * @param affinitySeconds time-out of ClientIP affinity, which counts only where sessionAffinity is ClientIP
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
            String sessionAffinity,
            int affinitySeconds,
            String internalTrafficPolicy,
            String externalTrafficPolicy,
            int healthCheckNodePort)
            implements ClusterObject {
        private static final String OTHER_PROXY_LABEL = "service.kubernetes.io/service-proxy-name";

        /** Returns whether a Service proxy has anything to do with it: not if it is headless, a mere name, or another proxy's. */
        public boolean isProxied() {
            return !type.equals("ExternalName")
                    && !clusterIps.isEmpty()
                    && !clusterIps.getFirst().equals("None")
                    && !labels.containsKey(OTHER_PROXY_LABEL);
        }

        public boolean internalLocal() {
            return internalTrafficPolicy.equals("Local");
        }

        /** Returns whether externalTrafficPolicy Local is in force: it needs a way in from outside (pkg/api/v1/service/util.go). */
        public boolean externalLocal() {
            return externalTrafficPolicy.equals("Local")
                    && (type.equals("NodePort") || type.equals("LoadBalancer") || !externalIps.isEmpty());
        }
    }

    /** status.loadBalancer.ingress of a Service; {@code ip} is empty where it has a host name only. */
    record Ingress(String ip, String ipMode) {}

    /** spec.ports of a Service; {@code nodePort} is 0 where there is none. */
    record Port(String name, String protocol, int port, int nodePort) {}

    /**
     * discovery.k8s.io/v1 EndpointSlice.
     *
     * @param service of the label kubernetes.io/service-name, empty where absent
     * @param headless has the label service.kubernetes.io/headless
     * @param lastChangeTriggerMs when what led to the last change of it happened, milliseconds since 1970, 0 where it is not told
     */
    record EndpointSlice(
            String namespace,
            String name,
            String service,
            boolean headless,
            long lastChangeTriggerMs,
            String addressType,
            List<EndpointPort> ports,
            List<Endpoint> endpoints)
            implements ClusterObject {}

    /** ports of an EndpointSlice; ports without a name or a number are left out. */
    record EndpointPort(String name, String protocol, int port) {
        public EndpointPort {
            name = name.intern();
            protocol = protocol.intern();
        }
    }

    /**
     * endpoints of an EndpointSlice, conditions with their defaults.
     *
     * @param address the first one, as others do not count
     * @param target name of targetRef (the pod), empty where absent
     */
    record Endpoint(
            String address,
            boolean ready,
            boolean serving,
            boolean terminating,
            String nodeName,
            String zone,
            String target,
            List<String> zoneHints,
            List<String> nodeHints) {
        public Endpoint {
            nodeName = nodeName.intern();
            zone = zone.intern();
            zoneHints = shared(zoneHints);
            nodeHints = shared(nodeHints);
        }

        private static List<String> shared(List<String> names) {
            return names.isEmpty()
                    ? List.of()
                    : names.stream().map(String::intern).toList();
        }
    }

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

        @Override
        public Key key() {
            return new Key("ServiceCIDR", "", name);
        }
    }
}
