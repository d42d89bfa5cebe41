package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.wire.Address;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Counts what a healthCheckNodePort tells of (kube-proxy's EndpointsMap.LocalReadyEndpoints). */
final class LocalEndpoints {
    private record Copy(EndpointPort port, Address address) {}

    private LocalEndpoints() {}

    /**
     * Returns the number of distinct addresses of ready endpoints on a node, over all ports of a Service. Those that still carry connections
     * while they terminate do not count: load balancers are to look elsewhere.
     */
    static int count(Collection<SliceEndpoints> slices, String nodeName, boolean ipv6) {
        Map<Copy, Endpoint> endpoints = new HashMap<>();
        for (SliceEndpoints slice : slices) {
            if (slice.isIpv6() == ipv6) {
                collect(slice, endpoints);
            }
        }
        return (int) endpoints.entrySet().stream()
                .filter(entry -> entry.getValue().ready())
                .filter(entry -> entry.getValue().nodeName().equals(nodeName))
                .map(entry -> entry.getKey().address())
                .distinct()
                .count();
    }

    private static void collect(SliceEndpoints slice, Map<Copy, Endpoint> endpoints) {
        Address[] addresses = slice.addresses();
        for (EndpointPort port : slice.ports()) {
            for (int i = 0; i < addresses.length; i++) {
                if (addresses[i] != null) {
                    endpoints.merge(
                            new Copy(port, addresses[i]),
                            slice.slice().endpoints().get(i),
                            (known, other) -> known.terminating() && !other.terminating() ? other : known);
                }
            }
        }
    }
}
