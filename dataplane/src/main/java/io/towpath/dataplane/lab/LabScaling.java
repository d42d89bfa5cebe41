package io.towpath.dataplane.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Scales Services up and down. Of each one backend after the other is taken out as Kubernetes does it: first it is terminating and serves what
 * it has, one step later it is gone, and with the step after that it is back. One thread steps, any thread asks.
 */
final class LabScaling {
    /** Takes the manifest of a Service and its slices. */
    @FunctionalInterface
    interface Publisher {
        void publish(LabService service, String manifest) throws Exception;
    }

    /** A backend that is to get no new connections. */
    record Down(Host backend, long sinceNs) {}

    private final LabNetwork network;
    private final List<LabService> services;
    private final Publisher publisher;
    private final Map<String, Down> down = new ConcurrentHashMap<>();
    private int steps;

    LabScaling(LabNetwork network, List<LabService> services, Publisher publisher) {
        this.network = network;
        this.services = services.stream()
                .map(service -> service.withBackends(backends(network, service)))
                .toList();
        this.publisher = publisher;
    }

    /** A Service's own backends and more of both nodes, in an order that leaves one on each where both have some. */
    private static List<Host> backends(LabNetwork network, LabService service) {
        Host first = service.backends().getFirst();
        LabNode own = network.nodes().stream()
                .filter(node -> node.has(first))
                .findFirst()
                .orElseThrow();
        LabNode other = network.node(3 - own.number());
        int next = (own.pods().indexOf(first) + 1) % own.pods().size();
        List<Host> backends = new ArrayList<>(List.of(first, other.pods().getFirst()));
        backends.add(own.pods().get(next));
        if (service.local()) {
            backends.add(other.pods().get(1));
        }
        return List.copyOf(backends);
    }

    /** Returns the Services with all backends that they may have. */
    List<LabService> services() {
        return services;
    }

    int steps() {
        return steps;
    }

    /** Puts all backends in. */
    void begin() throws Exception {
        for (LabService service : services) {
            publisher.publish(service, service.manifest(network));
        }
    }

    void step() throws Exception {
        for (LabService service : services) {
            Host victim = service.backends().get(steps / 2 % service.backends().size());
            boolean isGone = steps % 2 == 1;
            if (!isGone) {
                down.remove(service.name()); // what is published now has it back
            }
            String manifest = isGone
                    ? service.withBackends(without(service.backends(), victim)).manifest(network)
                    : service.manifest(network, Set.of(victim));
            publisher.publish(service, manifest);
            down.putIfAbsent(service.name(), new Down(victim, System.nanoTime()));
        }
        steps++;
    }

    private static List<Host> without(List<Host> hosts, Host left) {
        return hosts.stream().filter(host -> !host.equals(left)).toList();
    }

    /** Returns whether a backend was to get no new connections of a Service for longer than some time. */
    boolean isDown(LabService service, String backend, long longerThanNs) {
        Down now = down.get(service.name());
        return now != null
                && now.backend().serverName().equals(backend)
                && System.nanoTime() - now.sinceNs() > longerThanNs;
    }
}
