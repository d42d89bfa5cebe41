package io.towpath.dataplane.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A Service of the lab: TCP and UDP port 80 of a ClusterIP of each family, TCP port 9000 for streams, and TCP port 9001 for connections with
 * many questions.
 *
 * @param number part of its addresses
 * @param nodePort of both protocols, 0 for none; then it has a load balancer's address, too
 * @param local externalTrafficPolicy
 */
record LabService(String name, int number, List<Host> backends, int nodePort, boolean local) {
    static final int PORT = 80;
    static final int BACKEND_PORT = 8080;
    static final int BULK_PORT = 9000;
    static final int TALK_PORT = 9001;
    /** From a NodePort to that for connections with many questions. */
    private static final int TALK_NODE_PORT_OFFSET = 100;

    static LabService inside(String name, int number, Host backend) {
        return new LabService(name, number, List.of(backend), 0, false);
    }

    String clusterIp(boolean v6) {
        return v6 ? "fd96::1:" + number : "10.96.1." + number;
    }

    String balancerIp(boolean v6) {
        return v6 ? "fd99::" + number : "203.0.113." + number;
    }

    boolean isExternal() {
        return nodePort != 0;
    }

    /** Returns the port for connections with many questions that goes with a port for one. */
    static int talkPort(int port) {
        return port == PORT ? TALK_PORT : port + TALK_NODE_PORT_OFFSET;
    }

    /** Returns whether an address and port lead to it. */
    boolean isAt(String address, int port, boolean v6) {
        return port == PORT
                ? address.equals(clusterIp(v6)) || isExternal() && address.equals(balancerIp(v6))
                : port == nodePort;
    }

    LabService withBackends(List<Host> others) {
        return new LabService(name, number, others, nodePort, local);
    }

    /** The Service and its slices, as an API server has them. */
    String manifest(LabNetwork network) {
        return manifest(network, Set.of());
    }

    /** @param terminating backends that shall have no new connections, and still serve */
    String manifest(LabNetwork network, Set<Host> terminating) {
        StringBuilder yaml = new StringBuilder();
        yaml.append("apiVersion: v1\nkind: Service\nmetadata: {name: ")
                .append(name)
                .append(", namespace: default}\n");
        yaml.append("spec:\n  type: ")
                .append(isExternal() ? "LoadBalancer" : "ClusterIP")
                .append('\n');
        yaml.append("  ipFamilies: [IPv4, IPv6]\n  clusterIP: ")
                .append(clusterIp(false))
                .append('\n');
        yaml.append("  clusterIPs: [")
                .append(clusterIp(false))
                .append(", \"")
                .append(clusterIp(true))
                .append("\"]\n");
        if (local) {
            yaml.append("  externalTrafficPolicy: Local\n");
        }
        yaml.append("  ports:\n");
        for (String protocol : List.of("TCP", "UDP")) {
            yaml.append("    - {name: probe-%s, protocol: %s, port: %d, targetPort: %d"
                            .formatted(protocol.toLowerCase(Locale.ROOT), protocol, PORT, BACKEND_PORT))
                    .append(isExternal() ? ", nodePort: " + nodePort : "")
                    .append("}\n");
        }
        yaml.append("    - {name: bulk, protocol: TCP, port: %1$d, targetPort: %1$d}\n".formatted(BULK_PORT));
        yaml.append("    - {name: talk, protocol: TCP, port: %1$d, targetPort: %1$d".formatted(TALK_PORT))
                .append(isExternal() ? ", nodePort: " + talkPort(nodePort) : "")
                .append("}\n");
        if (isExternal()) {
            yaml.append("status:\n  loadBalancer:\n    ingress: [{ip: %s}, {ip: \"%s\"}]\n"
                    .formatted(balancerIp(false), balancerIp(true)));
        }
        return yaml + slice(network, false, terminating) + slice(network, true, terminating);
    }

    private String slice(LabNetwork network, boolean v6, Set<Host> terminating) {
        String endpoints = backends.stream()
                .map(backend -> "  - {addresses: [\"%s\"], nodeName: %s, conditions: %s}\n"
                        .formatted(
                                backend.address(v6),
                                nodeName(network, backend),
                                terminating.contains(backend)
                                        ? "{ready: false, serving: true, terminating: true}"
                                        : "{ready: true}"))
                .collect(Collectors.joining());
        return """
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: %1$s-%2$s, namespace: default, labels: {kubernetes.io/service-name: %1$s}}
                addressType: %3$s
                ports:
                  - {name: probe-tcp, protocol: TCP, port: %4$d}
                  - {name: probe-udp, protocol: UDP, port: %4$d}
                  - {name: bulk, protocol: TCP, port: %5$d}
                  - {name: talk, protocol: TCP, port: %6$d}
                endpoints:
                %7$s""".formatted(
                        name, v6 ? "v6" : "v4", v6 ? "IPv6" : "IPv4", BACKEND_PORT, BULK_PORT, TALK_PORT, endpoints);
    }

    static String nodeName(LabNetwork network, Host backend) {
        for (LabNode node : network.nodes()) {
            if (node.has(backend)) {
                return "lab-" + node.number();
            }
        }
        throw new IllegalArgumentException(backend.name() + " is on no node");
    }

    /** Returns the lab's Services, by the name of their backends or of their policy. */
    static List<LabService> all(LabNetwork network) {
        List<LabService> services = new ArrayList<>();
        for (LabNode node : network.nodes()) {
            for (Host pod : node.pods()) {
                services.add(inside(pod.name(), services.size() + 1, pod));
            }
            services.add(inside("host-" + node.number(), services.size() + 1, node.host()));
        }
        Host remote = network.pod(2, 1);
        services.add(new LabService("cluster", services.size() + 1, List.of(remote), 30_080, false));
        services.add(new LabService("local", services.size() + 1, List.of(network.pod(1, 1), remote), 30_081, true));
        return List.copyOf(services);
    }
}
