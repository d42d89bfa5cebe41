package io.towpath.bench.net;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;

/** The same Services as {@link NftRules} has, as manifests. */
final class ServiceManifests {
    /** Objects of a file are in memory together while it is read. */
    private static final int SERVICES_OF_A_FILE = 1_000;

    private ServiceManifests() {}

    /** Makes the folder with all of them. */
    static void write(Path folder, Way way, int services) throws IOException {
        Files.createDirectories(folder);
        for (int from = 0; from < services; from += SERVICES_OF_A_FILE) {
            try (Writer file = Files.newBufferedWriter(folder.resolve("services-" + from + ".json"))) {
                file.write("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n");
                int end = Math.min(services, from + SERVICES_OF_A_FILE);
                for (int service = from; service < end; service++) {
                    file.write(objects(way, service) + (service == end - 1 ? "\n" : ",\n"));
                }
                file.write("]}\n");
            }
        }
    }

    private static String objects(Way way, int service) {
        return """
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s%1$d", "namespace": "bench"},
                 "spec": {"clusterIP": "%2$s", "ports": [%4$s]}},
                {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                 "metadata": {"name": "s%1$d-1", "namespace": "bench", "labels": {"kubernetes.io/service-name": "s%1$d"}},
                 "addressType": "IPv4", "ports": [%4$s],
                 "endpoints": [{"addresses": ["%3$s"], "conditions": {"ready": true}}]}""".formatted(service, way.virtual(service), way.backend(service % Way.BACKENDS), ports(service));
    }

    private static String ports(int service) {
        return ServicePort.of(service).stream()
                .map(port -> "{\"name\": \"%s\", \"protocol\": \"%s\", \"port\": %d}"
                        .formatted(port.name(), port.protocol().toUpperCase(Locale.ROOT), port.number()))
                .collect(Collectors.joining(", "));
    }
}
