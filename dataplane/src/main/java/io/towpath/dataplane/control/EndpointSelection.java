package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.nat.BackendAddress;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Chooses the backends of one service port in one family, as kube-proxy does (pkg/proxy/topology.go CategorizeEndpoints,
 * endpointslicecache.go).
 *
 * @param cluster for policy Cluster
 * @param local for policy Local
 * @param serving all that serve, terminating or not
 */
record EndpointSelection(List<BackendAddress> cluster, List<BackendAddress> local, List<BackendAddress> serving) {
    /** Where the proxy runs. */
    record Location(String nodeName, String zone, boolean topologyHints) {}

    static EndpointSelection of(
            List<EndpointSlice> slices, Port port, boolean ipv6, Location location, Consumer<String> warnings) {
        Map<BackendAddress, Endpoint> endpoints = endpoints(slices, port, ipv6, warnings);
        Predicate<Endpoint> isLocal = e -> e.nodeName().equals(location.nodeName());
        List<BackendAddress> cluster = withHints(filter(endpoints, Endpoint::ready), location);
        if (cluster.isEmpty()) {
            cluster = List.copyOf(
                    filter(endpoints, EndpointSelection::servesWhileTerminating).keySet());
        }
        Map<BackendAddress, Endpoint> local = filter(endpoints, isLocal.and(Endpoint::ready));
        if (local.isEmpty()) {
            local = filter(endpoints, isLocal.and(EndpointSelection::servesWhileTerminating));
        }
        return new EndpointSelection(
                cluster,
                List.copyOf(local.keySet()),
                List.copyOf(filter(endpoints, Endpoint::serving).keySet()));
    }

    private static boolean servesWhileTerminating(Endpoint endpoint) {
        return endpoint.serving() && endpoint.terminating();
    }

    /** Unites the slices; a copy that does not terminate beats one that does. */
    private static Map<BackendAddress, Endpoint> endpoints(
            List<EndpointSlice> slices, Port port, boolean ipv6, Consumer<String> warnings) {
        Map<BackendAddress, Endpoint> endpoints = new LinkedHashMap<>();
        for (EndpointSlice slice : slices) {
            if (!slice.addressType().equals(ipv6 ? "IPv6" : "IPv4")) {
                continue;
            }
            for (EndpointPort target : slice.ports()) {
                if (target.name().equals(port.name()) && target.protocol() == port.protocol()) {
                    for (Endpoint endpoint : slice.endpoints()) {
                        Address address = address(endpoint, slice, ipv6, warnings);
                        if (address != null) {
                            endpoints.merge(
                                    new BackendAddress(address, target.port()),
                                    endpoint,
                                    (known, other) -> known.terminating() && !other.terminating() ? other : known);
                        }
                    }
                }
            }
        }
        return endpoints;
    }

    private static Address address(Endpoint endpoint, EndpointSlice slice, boolean ipv6, Consumer<String> warnings) {
        try {
            Address address = Address.parseSloppy(endpoint.address());
            if (address.isIpv6() == ipv6) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            // named below
        }
        warnings.accept(slice.key() + ": endpoint address " + endpoint.address() + " is no " + slice.addressType()
                + " address, it is left out");
        return null;
    }

    private static Map<BackendAddress, Endpoint> filter(
            Map<BackendAddress, Endpoint> endpoints, Predicate<Endpoint> wanted) {
        Map<BackendAddress, Endpoint> chosen = new LinkedHashMap<>();
        endpoints.forEach((address, endpoint) -> {
            if (wanted.test(endpoint)) {
                chosen.put(address, endpoint);
            }
        });
        return chosen;
    }

    /** Hints count only if every ready endpoint has them and one of them names this place: node first, then zone. */
    private static List<BackendAddress> withHints(Map<BackendAddress, Endpoint> ready, Location location) {
        List<BackendAddress> chosen =
                location.topologyHints() ? hinted(ready, Endpoint::nodeHints, location.nodeName()) : List.of();
        if (chosen.isEmpty() && !location.zone().isEmpty()) {
            chosen = hinted(ready, Endpoint::zoneHints, location.zone());
        }
        return chosen.isEmpty() ? List.copyOf(ready.keySet()) : chosen;
    }

    private static List<BackendAddress> hinted(
            Map<BackendAddress, Endpoint> ready,
            java.util.function.Function<Endpoint, List<String>> hints,
            String place) {
        List<BackendAddress> chosen = new ArrayList<>();
        for (Map.Entry<BackendAddress, Endpoint> entry : ready.entrySet()) {
            List<String> names = hints.apply(entry.getValue());
            if (names.isEmpty()) {
                return List.of();
            }
            if (names.contains(place)) {
                chosen.add(entry.getKey());
            }
        }
        return chosen;
    }
}
