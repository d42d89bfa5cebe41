package io.towpath.dataplane.health;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.wire.Address;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts what a healthCheckNodePort tells of (kube-proxy's EndpointsMap.LocalReadyEndpoints). */
final class LocalEndpoints {
    private record Copy(EndpointPort port, Address address) {}

    private LocalEndpoints() {}

    /**
     * Returns the number of distinct addresses of ready endpoints on a node, over all ports of a Service. Those that still carry connections
     * while they terminate do not count: load balancers are to look elsewhere.
     */
    static int count(List<EndpointSlice> slices, String nodeName, boolean ipv6) {
        Map<Copy, Endpoint> endpoints = new HashMap<>();
        for (EndpointSlice slice : slices) {
            if (slice.addressType().equals(ipv6 ? "IPv6" : "IPv4")) {
                collect(slice, ipv6, endpoints);
            }
        }
        return (int) endpoints.entrySet().stream()
                .filter(entry -> entry.getValue().ready())
                .filter(entry -> entry.getValue().nodeName().equals(nodeName))
                .map(entry -> entry.getKey().address())
                .distinct()
                .count();
    }

    private static void collect(EndpointSlice slice, boolean ipv6, Map<Copy, Endpoint> endpoints) {
        for (EndpointPort port : slice.ports()) {
            for (Endpoint endpoint : slice.endpoints()) {
                Address address = address(endpoint, ipv6);
                if (address != null) {
                    endpoints.merge(
                            new Copy(port, address),
                            endpoint,
                            (known, other) -> known.terminating() && !other.terminating() ? other : known);
                }
            }
        }
    }

    /** Returns null for what is no address of the family; the warning about it is the desired state's. */
    private static Address address(Endpoint endpoint, boolean ipv6) {
        try {
            Address address = Address.parseSloppy(endpoint.address());
            return address.isIpv6() == ipv6 ? address : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
