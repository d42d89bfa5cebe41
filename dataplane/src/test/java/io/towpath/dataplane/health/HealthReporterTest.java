package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.dataplane.control.BindAddress;
import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ProxyConfigBuilder;
import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.http.HttpAnswer;
import io.towpath.dataplane.http.MemoryListeners;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ManifestReader;
import io.towpath.wire.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The objects come one by one; what counts is what is there when a sync ends. */
final class HealthReporterTest {
    private static final Address NODE = Address.parse("127.0.0.1");
    private static final int HEALTHZ = 10_256;
    private static final ProxyConfig CONFIG = new ProxyConfigBuilder()
            .healthzBindAddress(new BindAddress(NODE, HEALTHZ))
            .build();
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
    private final ServiceIndex services = new ServiceIndex();
    private final List<String> log = new ArrayList<>();
    private long nowNs;
    private final HealthReporter reporter = new HealthReporter(
            CONFIG,
            "node",
            services,
            listeners,
            new ProbeCounts(),
            Optional::empty,
            Optional::empty,
            () -> nowNs,
            log::add,
            warning -> {});
    private final ClusterEvents events = ClusterEvents.both(services, reporter);

    @AfterEach
    void nothingElseWasSaid() {
        assertEquals(List.of(), log);
    }

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
        reporter.applied();
        HttpAnswer answer = listeners.get(NODE, 9000, "/");
        return answer == null ? null : answer.headers().get("X-Load-Balancing-Endpoint-Weight");
    }

    @Test
    void shouldFollowServicesAndSlicesInAnyOrder() throws Exception {
        ClusterObject two =
                object(slice("a", "{addresses: [10.0.0.1], nodeName: node}, {addresses: [10.0.0.2], nodeName: node}"));
        events.upsert(two);
        assertNull(weight());

        events.upsert(object(SERVICE));
        assertEquals("2", weight());

        events.upsert(object(slice("b", "{addresses: [10.0.0.3], nodeName: node}")));
        events.upsert(object(slice("a", "{addresses: [10.0.0.1], nodeName: elsewhere}")));
        assertEquals("1", weight());

        events.delete(new ClusterObject.Key("EndpointSlice", "ns", "b"));
        assertEquals("0", weight());

        events.upsert(object(SERVICE.replace("Local", "Cluster")));
        assertNull(weight());

        events.upsert(object(SERVICE));
        events.upsert(two);
        assertEquals("2", weight());

        events.delete(new ClusterObject.Key("Service", "ns", "web"));
        assertNull(weight());
    }

    @Test
    void shouldServeAHealthCheckNodePortOnceAnotherProcessLeavesIt() throws Exception {
        listeners.take("127.0.0.1:9000");
        events.upsert(object(SERVICE));
        assertNull(weight());
        assertEquals(1, log.size(), log::toString);
        log.clear();

        listeners.release("127.0.0.1:9000");
        passSeconds(5);
        reporter.poll();
        assertEquals(503, listeners.get(NODE, 9000, "/").status(), "no endpoint yet");
    }

    private int status(String path) {
        return listeners.get(NODE, HEALTHZ, path).status();
    }

    private void passSeconds(long seconds) {
        nowNs += seconds * 1_000_000_000L;
    }

    @Test
    void shouldBeUnhealthyWhileAChangeIsLate() {
        reporter.poll();
        reporter.queued();
        reporter.applied();
        passSeconds(2 * CONFIG.syncPeriodSeconds() - 1);
        assertEquals(200, status("/healthz"));
        reporter.queued(); // a later change does not hide how long the first one waits
        passSeconds(1);
        assertEquals(503, status("/healthz"));
        assertEquals(503, status("/livez"));

        reporter.synced();

        assertEquals(200, status("/healthz"));
        assertEquals(200, status("/livez"));
        passSeconds(100 * CONFIG.syncPeriodSeconds());
        assertEquals(200, status("/healthz"), "having nothing to do is no fault");
    }

    @Test
    void shouldForgetTheFateOfANodeThatIsGone() {
        reporter.poll();
        Node node = new Node("node", List.of(), List.of(), "", List.of("ToBeDeletedByClusterAutoscaler"), false);
        events.upsert(node);
        assertEquals(503, status("/healthz"));
        assertEquals(200, status("/livez"));

        events.delete(new ClusterObject.Key("Node", "", "other"));
        events.delete(new ClusterObject.Key("Service", "", "node"));
        assertEquals(503, status("/healthz"));

        events.delete(node.key());
        assertEquals(200, status("/healthz"));
    }
}
