package io.towpath.nat;

import java.util.List;

/**
 * The desired state of one port of a Service in one address family: what the workers need to know, nothing of Kubernetes' objects.
 *
 * @param ipv6 the family
 * @param vips every address and port that leads to this service port
 * @param clusterBackends backends for policy Cluster; empty means that new connections are rejected
 * @param localBackends backends on this node, for policy Local; empty (while clusterBackends is not) means drop
 * @param affinityTimeoutSeconds ClientIP session affinity, from the last new connection; 0 where there is none
 */
public record ServicePort(
        ServicePortName name,
        boolean ipv6,
        List<Vip> vips,
        List<BackendAddress> clusterBackends,
        List<BackendAddress> localBackends,
        Scheduler scheduler,
        int affinityTimeoutSeconds) {
    public ServicePort {
        vips = List.copyOf(vips);
        clusterBackends = List.copyOf(clusterBackends);
        localBackends = List.copyOf(localBackends);
    }

    /** Identifies a service port across desired states. */
    public record Key(ServicePortName name, boolean ipv6) {}

    public Key key() {
        return new Key(name, ipv6);
    }
}
