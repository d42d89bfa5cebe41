package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a change does not concern is not worked out anew. */
final class HealthChecksTest {
    @TempDir
    private Path folder;

    private final ServiceIndex services = new ServiceIndex();
    private final HealthChecks checks = new HealthChecks("node", services);

    private ClusterObject object(String yaml) throws Exception {
        return ManifestReader.read(Files.writeString(folder.resolve("object.yaml"), yaml))
                .getFirst();
    }

    private ClusterObject service(String name, int port) throws Exception {
        return object("""
                kind: Service
                metadata: {name: %s, namespace: ns}
                spec: {type: LoadBalancer, clusterIP: 10.96.0.10, externalTrafficPolicy: Local,
                  healthCheckNodePort: %d, ports: [{name: p, port: 80}]}
                """.formatted(name, port));
    }

    private ClusterObject slice(String service) throws Exception {
        return object("""
                kind: EndpointSlice
                metadata: {name: %s-1, namespace: ns, labels: {kubernetes.io/service-name: %s}}
                addressType: IPv4
                ports: [{name: p, port: 8080}]
                endpoints: [{addresses: [10.0.0.1], nodeName: node}]
                """.formatted(service, service));
    }

    @Test
    void shouldWorkOutAnewOnlyWhatAChangeConcerns() throws Exception {
        services.upsert(service("a", 9001));
        services.upsert(service("b", 9002));
        List<HealthCheck> before = List.copyOf(checks.current());
        assertEquals(2, before.size());

        services.upsert(slice("b"));

        List<HealthCheck> after = List.copyOf(checks.current());
        assertSame(before.getFirst(), after.getFirst());
        assertNotSame(before.getLast(), after.getLast());
        assertEquals(1, after.getLast().ipv4Endpoints());
    }

    @Test
    void shouldKnowTheServicesThatWereThereBefore() throws Exception {
        services.upsert(slice("a"));
        services.upsert(service("a", 9001));

        HealthChecks late = new HealthChecks("node", services);

        assertEquals(List.copyOf(checks.current()), List.copyOf(late.current()));
    }
}
