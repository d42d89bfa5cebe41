package io.towpath.dataplane.lab;

import io.towpath.dataplane.engine.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The files of one lab: manifests, and a configuration for each node's engine. */
final class LabConfig {
    private LabConfig() {}

    static Path folder(String id) {
        return Path.of(System.getProperty("java.io.tmpdir"), "towpath-" + id + "-lab");
    }

    static String instance(String id, LabNode node) {
        return "lab-" + id + "-" + node.number();
    }

    static Path manifests(String id) {
        return folder(id).resolve("manifests");
    }

    static Path config(String id, LabNode node) {
        return folder(id).resolve("node-" + node.number() + ".yaml");
    }

    static Path write(LabNetwork network, List<LabService> services) throws IOException {
        Files.createDirectories(manifests(network.id()));
        for (LabService service : services) {
            Files.writeString(manifests(network.id()).resolve(service.name() + ".yaml"), service.manifest(network));
        }
        for (LabNode node : network.nodes()) {
            Path proxy = folder(network.id()).resolve("proxy-" + node.number() + ".yaml");
            Files.writeString(proxy, """
                    apiVersion: kubeproxy.config.k8s.io/v1alpha1
                    kind: KubeProxyConfiguration
                    hostnameOverride: %s
                    """.formatted(LabService.nodeName(network, node.host())));
            Files.writeString(config(network.id(), node), """
                    instance: %s
                    proxyConfig: %s
                    clusterCIDR: "%s,%s"
                    nodeAddresses: [%s, "%s"]
                    node:
                      serviceCIDRs: [10.96.0.0/12, "fd96::/108"]
                      bridgeNetworks: [%s, "%s"]
                    """.formatted(
                            instance(network.id(), node),
                            proxy,
                            LabNetwork.POD_CIDR_V4,
                            LabNetwork.POD_CIDR_V6,
                            node.host().ipv4(),
                            node.host().ipv6(),
                            node.bridgeNetwork(false),
                            node.bridgeNetwork(true)));
        }
        return manifests(network.id());
    }

    /** Puts a file in place in one step, as a careful writer does. */
    static void replace(Path folder, String name, String text) throws IOException {
        Path fresh = Files.writeString(folder.resolve(name + ".new"), text);
        Files.move(fresh, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Removes the files of a lab and what its engines left outside their namespaces. */
    static void delete(String id) throws IOException {
        deleteTree(folder(id));
        for (int number = 1; number <= 2; number++) {
            deleteTree(Engine.INSTANCES.resolve("lab-" + id + "-" + number));
            deleteTree(Engine.INSTANCES.resolve("lab-" + id + "-" + number + ".host-settings"));
        }
    }

    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
