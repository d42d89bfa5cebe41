package io.towpath.dataplane.health;

import io.towpath.dataplane.control.ProxiedService;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.wire.Address;
import java.util.Collection;
import java.util.List;

/**
 * The healthCheckNodePort of a Service.
 *
 * @param ipv4Endpoints ready endpoints on this node, {@link #NOT_SERVED} where the Service has no ClusterIP of the family
 */
public record HealthCheck(String namespace, String name, int port, int ipv4Endpoints, int ipv6Endpoints) {
    static final int NOT_SERVED = -1;

    /** Returns those of all Services that have one. */
    public static List<HealthCheck> of(Collection<ProxiedService> services, String nodeName) {
        return services.stream()
                .filter(proxied -> isNeeded(proxied.service()))
                .map(proxied -> of(proxied, nodeName))
                .toList();
    }

    /** Returns whether a Service has one: it takes type LoadBalancer and externalTrafficPolicy Local. */
    static boolean isNeeded(Service service) {
        return ProxiedService.isProxied(service)
                && service.type().equals("LoadBalancer")
                && service.externalLocal()
                && service.healthCheckNodePort() > 0
                && !service.ports().isEmpty();
    }

    private static HealthCheck of(ProxiedService proxied, String nodeName) {
        Service service = proxied.service();
        return new HealthCheck(
                service.namespace(),
                service.name(),
                service.healthCheckNodePort(),
                count(proxied, nodeName, false),
                count(proxied, nodeName, true));
    }

    private static int count(ProxiedService proxied, String nodeName, boolean ipv6) {
        return proxied.service().clusterIps().stream().anyMatch(text -> isOfFamily(text, ipv6))
                ? LocalEndpoints.count(proxied.slices(), nodeName, ipv6)
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
