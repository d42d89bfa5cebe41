package io.towpath.nat;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.List;

/**
 * What the control thread says about the node as a whole.
 *
 * @param serviceCidrs new connections to addresses in here that no Service has are dropped
 * @param nodeAddresses addresses of this node; the first of each family is the primary one
 * @param masqueradeAll masquerade all traffic to ClusterIPs
 */
public record NodeFacts(
        List<Prefix> serviceCidrs, List<Address> nodeAddresses, LocalDetector localDetector, boolean masqueradeAll) {
    public NodeFacts {
        serviceCidrs = List.copyOf(serviceCidrs);
        nodeAddresses = List.copyOf(nodeAddresses);
    }
}
