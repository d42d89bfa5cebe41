package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.nat.ServicePort;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts service ports of a Local policy that have usable endpoints, but none on this node: what they are sent is dropped here (kube-proxy's
 * gauge sync_proxy_rules_no_local_endpoints_total). Only a changed Service is looked at anew. Control thread only.
 */
public final class NoLocalEndpoints {
    /** Of Services that have such ports. */
    private final Map<ClusterObject.Key, Counts> ofService = new HashMap<>();

    private Counts total = Counts.NONE;

    /**
     * Numbers of service ports.
     *
     * @param internalIpv4 of internalTrafficPolicy Local, in IPv4
     * @param externalIpv4 of externalTrafficPolicy Local, in IPv4
     */
    public record Counts(int internalIpv4, int internalIpv6, int externalIpv4, int externalIpv6) {
        static final Counts NONE = new Counts(0, 0, 0, 0);

        static Counts of(Service service, List<ServicePort> ports) {
            int ipv4 = 0;
            int ipv6 = 0;
            for (ServicePort port : ports) {
                if (!port.clusterBackends().isEmpty() && port.localBackends().isEmpty()) {
                    ipv4 += port.ipv6() ? 0 : 1;
                    ipv6 += port.ipv6() ? 1 : 0;
                }
            }
            int internal = service.internalLocal() ? 1 : 0;
            int external = service.externalLocal() ? 1 : 0;
            return new Counts(internal * ipv4, internal * ipv6, external * ipv4, external * ipv6);
        }

        private Counts plus(Counts other, int sign) {
            return new Counts(
                    internalIpv4 + sign * other.internalIpv4,
                    internalIpv6 + sign * other.internalIpv6,
                    externalIpv4 + sign * other.externalIpv4,
                    externalIpv6 + sign * other.externalIpv6);
        }
    }

    /**
     * Takes over what a Service is now.
     *
     * @param service null where it is no more
     */
    void replace(ClusterObject.Key key, Service service, List<ServicePort> ports) {
        Counts now = service == null ? Counts.NONE : Counts.of(service, ports);
        Counts before = now.equals(Counts.NONE) ? ofService.remove(key) : ofService.put(key, now);
        total = total.plus(now, 1).plus(before == null ? Counts.NONE : before, -1);
    }

    /** Returns the sums over all Services. */
    public Counts total() {
        return total;
    }
}
