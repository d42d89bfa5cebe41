package io.towpath.nat;

import java.util.List;
import java.util.Map;

/**
 * The desired state of one port of a Service in one address family: what the workers need to know, nothing of Kubernetes' objects.
 *
 * @param ipv6 the family
 * @param vips every address and port that leads to this service port
 * @param clusterBackends backends for policy Cluster; empty means that new connections are rejected
 * @param localBackends backends on this node, for policy Local; empty (while clusterBackends is not) means drop
 * @param weights of the chosen backends, 1 to 65535, where they are not 1; backends of weight 0 are not among the chosen ones
 * @param affinityTimeoutSeconds ClientIP session affinity, from the last new connection; 0 where there is none
 * @param servingBackends of a UDP port: all that serve, terminating or not, whatever the policy; connections to others are stale. Empty for
 *     other protocols, whose connections are left alone
 */
public record ServicePort(
        ServicePortName name,
        boolean ipv6,
        List<Vip> vips,
        List<BackendAddress> clusterBackends,
        List<BackendAddress> localBackends,
        Scheduler scheduler,
        Map<BackendAddress, Integer> weights,
        int affinityTimeoutSeconds,
        List<BackendAddress> servingBackends) {
    public ServicePort {
        vips = List.copyOf(vips);
        clusterBackends = List.copyOf(clusterBackends);
        localBackends = List.copyOf(localBackends);
        weights = Map.copyOf(weights);
        servingBackends = List.copyOf(servingBackends);
    }

    /** Identifies a service port across desired states. */
    public record Key(ServicePortName name, boolean ipv6) {}

    public Key key() {
        return new Key(name, ipv6);
    }

    /** Returns the weight of a chosen backend. */
    int weight(BackendAddress backend) {
        return weights.getOrDefault(backend, 1);
    }

    /** Returns the same with other virtual addresses. */
    public ServicePort withVips(List<Vip> others) {
        return new ServicePort(
                name,
                ipv6,
                others,
                clusterBackends,
                localBackends,
                scheduler,
                weights,
                affinityTimeoutSeconds,
                servingBackends);
    }
}
