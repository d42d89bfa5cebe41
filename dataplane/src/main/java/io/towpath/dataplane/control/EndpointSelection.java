package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.Protocol;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Chooses the backends of one service port in one family, as kube-proxy does (pkg/proxy/topology.go CategorizeEndpoints,
 * endpointslicecache.go). All lists are in the order of addresses, whatever the order of slices and endpoints, so that every node has the
 * same lists and a change of order is no change.
 *
 * @param cluster for policy Cluster
 * @param local for policy Local
 * @param serving all that serve, terminating or not, whatever the policy
 * @param weights of those in cluster or local, where they are not 1; backends of weight 0 are in neither
 */
record EndpointSelection(
        List<BackendAddress> cluster,
        List<BackendAddress> local,
        List<BackendAddress> serving,
        Map<BackendAddress, Integer> weights) {
    private static final Comparator<BackendAddress> BY_ADDRESS =
            Comparator.comparing(BackendAddress::address).thenComparingInt(BackendAddress::port);

    static EndpointSelection of(
            Collection<SliceEndpoints> slices,
            String portName,
            Protocol protocol,
            boolean ipv6,
            LocalNode node,
            Weights weights) {
        NavigableMap<BackendAddress, Endpoint> endpoints = endpoints(slices, portName, protocol, ipv6);
        Predicate<Endpoint> isLocal = endpoint -> endpoint.nodeName().equals(node.name());
        List<BackendAddress> cluster = withHints(chosen(endpoints, Endpoint::ready), endpoints, node);
        if (cluster.isEmpty()) {
            cluster = chosen(endpoints, EndpointSelection::servesWhileTerminating);
        }
        List<BackendAddress> local = chosen(endpoints, isLocal.and(Endpoint::ready));
        if (local.isEmpty()) {
            local = chosen(endpoints, isLocal.and(EndpointSelection::servesWhileTerminating));
        }
        List<BackendAddress> serving = chosen(endpoints, Endpoint::serving);
        EndpointSelection unweighted = new EndpointSelection(cluster, local, serving, Map.of());
        return weights.isEmpty() ? unweighted : unweighted.weighted(endpoints, weights);
    }

    private static boolean servesWhileTerminating(Endpoint endpoint) {
        return endpoint.serving() && endpoint.terminating();
    }

    /** Unites the slices; a copy that does not terminate beats one that does. */
    private static NavigableMap<BackendAddress, Endpoint> endpoints(
            Collection<SliceEndpoints> slices, String portName, Protocol protocol, boolean ipv6) {
        NavigableMap<BackendAddress, Endpoint> endpoints = new TreeMap<>(BY_ADDRESS);
        for (SliceEndpoints slice : slices) {
            if (slice.isIpv6() != ipv6) {
                continue;
            }
            for (EndpointPort target : slice.ports()) {
                if (target.name().equals(portName) && target.protocol().equals(protocol.name())) {
                    addAll(slice, target.port(), endpoints);
                }
            }
        }
        return endpoints;
    }

    private static void addAll(SliceEndpoints slice, int port, Map<BackendAddress, Endpoint> endpoints) {
        Address[] addresses = slice.addresses();
        for (int i = 0; i < addresses.length; i++) {
            if (addresses[i] != null) {
                endpoints.merge(
                        new BackendAddress(addresses[i], port),
                        slice.slice().endpoints().get(i),
                        (known, other) -> known.terminating() && !other.terminating() ? other : known);
            }
        }
    }

    private static List<BackendAddress> chosen(Map<BackendAddress, Endpoint> endpoints, Predicate<Endpoint> wanted) {
        List<BackendAddress> chosen = new ArrayList<>(endpoints.size());
        endpoints.forEach((address, endpoint) -> {
            if (wanted.test(endpoint)) {
                chosen.add(address);
            }
        });
        return List.copyOf(chosen);
    }

    /** Hints count only if every ready endpoint has them and one of them names this place: node first, then zone. */
    private static List<BackendAddress> withHints(
            List<BackendAddress> ready, Map<BackendAddress, Endpoint> endpoints, LocalNode node) {
        List<BackendAddress> chosen =
                node.topologyHints() ? hinted(ready, endpoints, Endpoint::nodeHints, node.name()) : List.of();
        if (chosen.isEmpty() && !node.zone().isEmpty()) {
            chosen = hinted(ready, endpoints, Endpoint::zoneHints, node.zone());
        }
        return chosen.isEmpty() ? ready : chosen;
    }

    private static List<BackendAddress> hinted(
            List<BackendAddress> ready,
            Map<BackendAddress, Endpoint> endpoints,
            Function<Endpoint, List<String>> hints,
            String place) {
        List<BackendAddress> chosen = new ArrayList<>();
        for (BackendAddress backend : ready) {
            List<String> names = hints.apply(endpoints.get(backend));
            if (names.isEmpty()) {
                return List.of();
            }
            if (names.contains(place)) {
                chosen.add(backend);
            }
        }
        return List.copyOf(chosen);
    }

    /** Weight 0 takes a backend out of the choice after it was made, so that it does not bring in terminating or far ones. */
    private EndpointSelection weighted(Map<BackendAddress, Endpoint> endpoints, Weights weights) {
        Map<BackendAddress, Integer> chosen = new HashMap<>();
        Predicate<BackendAddress> isOut = backend -> {
            int weight = weights.of(backend.address(), endpoints.get(backend));
            if (weight > 0 && weight != Weights.DEFAULT) {
                chosen.put(backend, weight);
            }
            return weight == 0;
        };
        List<BackendAddress> newCluster =
                cluster.stream().filter(isOut.negate()).toList();
        List<BackendAddress> newLocal = local.stream().filter(isOut.negate()).toList();
        return new EndpointSelection(newCluster, newLocal, serving, chosen);
    }
}
