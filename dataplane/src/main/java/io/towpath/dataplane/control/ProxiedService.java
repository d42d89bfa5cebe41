package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A Service that is this proxy's business, with its EndpointSlices. */
public record ProxiedService(Service service, List<EndpointSlice> slices) {
    private static final String OTHER_PROXY_LABEL = "service.kubernetes.io/service-proxy-name";

    /** Oldest first, so that the older of two Services that claim an address keeps it. */
    public static List<ProxiedService> of(Collection<ClusterObject> objects) {
        Map<String, List<EndpointSlice>> slices = slicesByService(objects);
        return objects.stream()
                .filter(Service.class::isInstance)
                .map(Service.class::cast)
                .filter(ProxiedService::isProxied)
                .sorted(Comparator.comparing(Service::created)
                        .thenComparing(Service::namespace)
                        .thenComparing(Service::name))
                .map(service -> new ProxiedService(
                        service, slices.getOrDefault(service.namespace() + "/" + service.name(), List.of())))
                .toList();
    }

    /** Returns whether a Service is this proxy's business. */
    public static boolean isProxied(Service service) {
        return !service.type().equals("ExternalName")
                && !service.clusterIps().isEmpty()
                && !service.clusterIps().getFirst().equals("None")
                && !service.labels().containsKey(OTHER_PROXY_LABEL);
    }

    /** Returns whether a slice counts for the Service that it names. */
    public static boolean isUsed(EndpointSlice slice) {
        return !slice.headless() && !slice.service().isEmpty();
    }

    private static Map<String, List<EndpointSlice>> slicesByService(Collection<ClusterObject> objects) {
        Map<String, List<EndpointSlice>> slices = new HashMap<>();
        for (ClusterObject object : objects) {
            if (object instanceof EndpointSlice slice && isUsed(slice)) {
                slices.computeIfAbsent(slice.namespace() + "/" + slice.service(), k -> new ArrayList<>())
                        .add(slice);
            }
        }
        return slices;
    }
}
