package io.towpath.dataplane.health;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Follows objects and knows the healthCheckNodePorts of all Services. Control thread only. */
public final class HealthChecks implements ClusterEvents {
    private final String nodeName;
    /** Those that have a healthCheckNodePort. */
    private final Map<ClusterObject.Key, Service> services = new LinkedHashMap<>();

    private final Map<ClusterObject.Key, EndpointSlice> slices = new HashMap<>();
    private final Map<ClusterObject.Key, TreeMap<String, EndpointSlice>> slicesOfService = new HashMap<>();

    public HealthChecks(String nodeName) {
        this.nodeName = nodeName;
    }

    @Override
    public void upsert(ClusterObject object) {
        switch (object) {
            case Service service -> {
                if (HealthCheck.isNeeded(service)) {
                    services.put(service.key(), service);
                } else {
                    services.remove(service.key());
                }
            }
            case EndpointSlice slice -> {
                delete(slice.key());
                if (!slice.headless()) {
                    slices.put(slice.key(), slice);
                    slicesOfService
                            .computeIfAbsent(serviceOf(slice), key -> new TreeMap<>())
                            .put(slice.name(), slice);
                }
            }
            default -> {}
        }
    }

    @Override
    public void delete(ClusterObject.Key key) {
        services.remove(key);
        EndpointSlice slice = slices.remove(key);
        if (slice != null) {
            slicesOfService.computeIfPresent(serviceOf(slice), (service, byName) -> {
                byName.remove(slice.name());
                return byName.isEmpty() ? null : byName;
            });
        }
    }

    private static ClusterObject.Key serviceOf(EndpointSlice slice) {
        return new ClusterObject.Key("Service", slice.namespace(), slice.service());
    }

    /** Returns what is to be served now. Costs what these Services are, not what the cluster is. */
    public List<HealthCheck> current() {
        return services.values().stream()
                .map(service -> HealthCheck.of(service, slicesOf(service), nodeName))
                .toList();
    }

    private List<EndpointSlice> slicesOf(Service service) {
        TreeMap<String, EndpointSlice> byName = slicesOfService.get(service.key());
        return byName == null ? List.of() : List.copyOf(byName.values());
    }
}
