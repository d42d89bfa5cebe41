package io.towpath.nat;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.List;

/**
 * Everything the service maps are to hold, computed by the control thread from Kubernetes objects.
 *
 * @param serviceCidrs new connections to addresses in here that no Service has are dropped
 * @param nodeAddresses addresses of this node; the first of each family is the primary one
 * @param masqueradeAll masquerade all traffic to ClusterIPs
 */
public record DesiredState(
        List<ServicePort> servicePorts,
        List<Prefix> serviceCidrs,
        List<Address> nodeAddresses,
        LocalDetector localDetector,
        boolean masqueradeAll) {
    public DesiredState {
        servicePorts = List.copyOf(servicePorts);
        serviceCidrs = List.copyOf(serviceCidrs);
        nodeAddresses = List.copyOf(nodeAddresses);
    }

    /** Returns what concerns the node as a whole. */
    public NodeFacts nodeFacts() {
        return new NodeFacts(serviceCidrs, nodeAddresses, localDetector, masqueradeAll);
    }
}
