package io.towpath.dataplane.health;

import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Knows the healthCheckNodePorts of all Services. The work of a change grows with the Services it concerns. Control thread only. */
public final class HealthChecks {
    private final String nodeName;
    private final ServiceIndex services;
    private final Map<ClusterObject.Key, HealthCheck> checks = new LinkedHashMap<>();
    private final Set<ClusterObject.Key> dirty = new LinkedHashSet<>();

    public HealthChecks(String nodeName, ServiceIndex services) {
        this.nodeName = nodeName;
        this.services = services;
        services.follow(dirty::add);
    }

    /** Returns what is to be served now. */
    public Collection<HealthCheck> current() {
        for (ClusterObject.Key key : dirty) {
            Service service = services.service(key);
            if (service != null && HealthCheck.isNeeded(service)) {
                checks.put(key, HealthCheck.of(service, services, nodeName));
            } else {
                checks.remove(key);
            }
        }
        dirty.clear();
        return Collections.unmodifiableCollection(checks.values());
    }
}
