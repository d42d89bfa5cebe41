package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.wire.Address;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Weights of backends, from the Service annotation {@code towpath.io/weights: "NAME=WEIGHT,..."}. A name is an endpoint's address, pod,
 * node or zone; the most specific one that fits counts. A backend that no name fits has weight 1.
 */
final class Weights {
    static final String ANNOTATION = "towpath.io/weights";
    static final int DEFAULT = 1;
    static final int MAX = 65_535;

    private final Map<Address, Integer> byAddress = new HashMap<>();
    private final Map<String, Integer> byName = new HashMap<>();

    /** @param problems told of each entry that cannot be used; the others count */
    static Weights parse(String annotation, Consumer<String> problems) {
        Weights weights = new Weights();
        for (String part : annotation.split(",")) {
            String entry = part.strip();
            int equals = entry.indexOf('=');
            Integer weight =
                    equals < 1 ? null : weight(entry.substring(equals + 1).strip());
            if (weight != null) {
                weights.add(entry.substring(0, equals).strip(), weight);
            } else if (!entry.isEmpty()) {
                problems.accept("\"" + entry + "\" is no NAME=WEIGHT with a weight 0.." + MAX + ", it is left out");
            }
        }
        return weights;
    }

    private static Integer weight(String text) {
        boolean isNumber = !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        int weight = isNumber ? Integer.parseInt(text) : -1;
        return weight >= 0 && weight <= MAX ? weight : null;
    }

    private void add(String name, int weight) {
        try {
            byAddress.put(Address.parseSloppy(name), weight);
        } catch (IllegalArgumentException e) {
            byName.put(name, weight); // a pod, node or zone
        }
    }

    boolean isEmpty() {
        return byAddress.isEmpty() && byName.isEmpty();
    }

    int of(Address address, Endpoint endpoint) {
        Integer weight = byAddress.get(address);
        if (weight == null) {
            weight = byName.get(endpoint.target());
        }
        if (weight == null) {
            weight = byName.get(endpoint.nodeName());
        }
        return weight != null ? weight : byName.getOrDefault(endpoint.zone(), DEFAULT);
    }
}
