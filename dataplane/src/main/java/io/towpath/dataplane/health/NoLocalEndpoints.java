package io.towpath.dataplane.health;

import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.nat.ServicePort;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * The gauge sync_proxy_rules_no_local_endpoints_total of one family: service ports of a Local policy that have usable endpoints, but none on
 * this node.
 *
 * @param internal of internalTrafficPolicy
 * @param external of externalTrafficPolicy
 */
public record NoLocalEndpoints(int internal, int external) {
    public static NoLocalEndpoints of(
            Collection<Service> services, Collection<ServicePort> servicePorts, boolean ipv6) {
        Map<String, Service> byName = new HashMap<>();
        services.forEach(service -> byName.put(service.namespace() + "/" + service.name(), service));
        int internal = 0;
        int external = 0;
        for (ServicePort port : servicePorts) {
            Service service =
                    byName.get(port.name().namespace() + "/" + port.name().name());
            boolean onlyElsewhere =
                    !port.clusterBackends().isEmpty() && port.localBackends().isEmpty();
            if (service != null && port.ipv6() == ipv6 && onlyElsewhere) {
                internal += service.internalLocal() ? 1 : 0;
                external += service.externalLocal() ? 1 : 0;
            }
        }
        return new NoLocalEndpoints(internal, external);
    }
}
