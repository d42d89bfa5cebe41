package io.towpath.dataplane.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A Service of the lab: TCP and UDP port 80 of a ClusterIP of each family, and TCP port 9000 for streams.
 *
 * @param number part of its addresses
 * @param nodePort of both protocols, 0 for none; then it has a load balancer's address, too
 * @param local externalTrafficPolicy
 */
record LabService(String name, int number, List<Host> backends, int nodePort, boolean local) {
    static final int PORT = 80;
    static final int BACKEND_PORT = 8080;
    static final int BULK_PORT = 9000;

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

    /** The Service and its slices, as an API server has them. */
    String manifest(LabNetwork network) {
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
        if (isExternal()) {
            yaml.append("status:\n  loadBalancer:\n    ingress: [{ip: %s}, {ip: \"%s\"}]\n"
                    .formatted(balancerIp(false), balancerIp(true)));
        }
        return yaml + slice(network, false) + slice(network, true);
    }

    private String slice(LabNetwork network, boolean v6) {
        String endpoints = backends.stream()
                .map(backend -> "  - {addresses: [\"%s\"], nodeName: %s, conditions: {ready: true}}\n"
                        .formatted(backend.address(v6), nodeName(network, backend)))
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
                endpoints:
                %6$s""".formatted(name, v6 ? "v6" : "v4", v6 ? "IPv6" : "IPv4", BACKEND_PORT, BULK_PORT, endpoints);
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
