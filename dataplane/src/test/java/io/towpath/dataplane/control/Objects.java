package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.ManifestReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Short ways to write the objects of a test. Everything is in namespace ns. */
final class Objects {
    private Objects() {}

    /** @param spec fields of spec, as YAML between braces */
    static String service(String name, String spec) {
        return service(name, "", spec, "");
    }

    /**
     * @param metadata further fields of metadata, as YAML between braces, with a comma in front
     * @param status entries of status.loadBalancer.ingress
     */
    static String service(String name, String metadata, String spec, String status) {
        return """
                apiVersion: v1
                kind: Service
                metadata: {namespace: ns, name: %s%s}
                spec: {%s}
                status: {loadBalancer: {ingress: [%s]}}
                ---
                """.formatted(name, metadata, spec, status);
    }

    /** A slice of port p, 8080. */
    static String slice(String name, String service, String... endpoints) {
        return sliceOf(name, service, "IPv4", "{name: p, port: 8080}", endpoints);
    }

    static String sliceOf(String name, String service, String addressType, String ports, String... endpoints) {
        return """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {namespace: ns, name: %s, labels: {kubernetes.io/service-name: %s}}
                addressType: %s
                ports: [%s]
                endpoints: [%s]
                ---
                """.formatted(name, service, addressType, ports, String.join(", ", endpoints));
    }

    static String endpoint(String address) {
        return endpoint(address, "");
    }

    /** @param fields further fields, as YAML between braces, with a comma in front */
    static String endpoint(String address, String fields) {
        return "{addresses: [\"" + address + "\"]" + fields + "}";
    }

    static String node(String name, String zone, String... addresses) {
        StringBuilder status = new StringBuilder();
        for (String address : addresses) {
            status.append("{type: InternalIP, address: \"").append(address).append("\"}, ");
        }
        return """
                apiVersion: v1
                kind: Node
                metadata: {name: %s, labels: {topology.kubernetes.io/zone: %s}}
                status: {addresses: [%s]}
                ---
                """.formatted(name, zone, status);
    }

    static List<ClusterObject> read(Path folder, String... manifests) throws IOException, ManifestException {
        return ManifestReader.read(Files.writeString(folder.resolve("objects.yaml"), String.join("", manifests)));
    }
}
