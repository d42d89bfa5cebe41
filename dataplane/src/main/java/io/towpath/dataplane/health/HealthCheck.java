package io.towpath.dataplane.health;

import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.wire.Address;
import java.util.List;

/**
 * The healthCheckNodePort of a Service.
 *
 * @param ipv4Endpoints ready endpoints on this node, {@link #NOT_SERVED} where the Service has no ClusterIP of the family
 */
public record HealthCheck(String namespace, String name, int port, int ipv4Endpoints, int ipv6Endpoints) {
    static final int NOT_SERVED = -1;

    private static final int PORT_LIMIT = 65_535;

    /** Returns whether a Service has one: it takes type LoadBalancer and externalTrafficPolicy Local. */
    static boolean isNeeded(Service service) {
        return service.isProxied()
                && service.type().equals("LoadBalancer")
                && service.externalLocal()
                && service.healthCheckNodePort() > 0
                && service.healthCheckNodePort() <= PORT_LIMIT
                && !service.ports().isEmpty();
    }

    static HealthCheck of(Service service, List<EndpointSlice> slices, String nodeName) {
        return new HealthCheck(
                service.namespace(),
                service.name(),
                service.healthCheckNodePort(),
                count(service, slices, nodeName, false),
                count(service, slices, nodeName, true));
    }

    private static int count(Service service, List<EndpointSlice> slices, String nodeName, boolean ipv6) {
        return service.clusterIps().stream().anyMatch(text -> isOfFamily(text, ipv6))
                ? LocalEndpoints.count(slices, nodeName, ipv6)
                : NOT_SERVED;
    }

    private static boolean isOfFamily(String text, boolean ipv6) {
        try {
            return Address.parseSloppy(text).isIpv6() == ipv6;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    int endpoints(boolean ipv6) {
        return ipv6 ? ipv6Endpoints : ipv4Endpoints;
    }
}
