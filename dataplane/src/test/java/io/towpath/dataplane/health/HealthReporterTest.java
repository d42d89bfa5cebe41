package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestReader;
import io.towpath.wire.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The objects come one by one; what counts is what is there when a sync ends. */
final class HealthReporterTest {
    private static final Address NODE = Address.parse("127.0.0.1");
    private static final String SERVICE = """
            kind: Service
            metadata: {name: web, namespace: ns}
            spec:
              {type: LoadBalancer, clusterIP: 10.96.0.10, externalTrafficPolicy: Local, healthCheckNodePort: 9000,
               ports: [{name: p, port: 80}]}
            """;

    @TempDir
    private Path folder;

    private final MemoryListeners listeners = new MemoryListeners();
    private final HealthReporter reporter =
            new HealthReporter(ProxyConfig.defaults(), "node", listeners, () -> 0, warning -> {
                throw new AssertionError(warning);
            });

    private ClusterObject object(String yaml) throws Exception {
        return ManifestReader.read(Files.writeString(folder.resolve("object.yaml"), yaml))
                .getFirst();
    }

    private static String slice(String name, String endpoints) {
        return """
                kind: EndpointSlice
                metadata: {name: %s, namespace: ns, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                ports: [{name: p, port: 8080}]
                endpoints: [%s]
                """.formatted(name, endpoints);
    }

    private String weight() {
        reporter.nodeAddresses(List.of(NODE));
        reporter.synced();
        HealthAnswer answer = listeners.get(NODE, 9000, "/");
        return answer == null ? null : answer.headers().get("X-Load-Balancing-Endpoint-Weight");
    }

    @Test
    void shouldFollowServicesAndSlicesInAnyOrder() throws Exception {
        ClusterObject two =
                object(slice("a", "{addresses: [10.0.0.1], nodeName: node}, {addresses: [10.0.0.2], nodeName: node}"));
        reporter.upsert(two);
        assertNull(weight());

        reporter.upsert(object(SERVICE));
        assertEquals("2", weight());

        reporter.upsert(object(slice("b", "{addresses: [10.0.0.3], nodeName: node}")));
        reporter.upsert(object(slice("a", "{addresses: [10.0.0.1], nodeName: elsewhere}")));
        assertEquals("1", weight());

        reporter.delete(new ClusterObject.Key("EndpointSlice", "ns", "b"));
        assertEquals("0", weight());

        reporter.upsert(object(SERVICE.replace("Local", "Cluster")));
        assertNull(weight());

        reporter.upsert(object(SERVICE));
        reporter.upsert(two);
        assertEquals("2", weight());

        reporter.delete(new ClusterObject.Key("Service", "ns", "web"));
        assertNull(weight());
    }
}
