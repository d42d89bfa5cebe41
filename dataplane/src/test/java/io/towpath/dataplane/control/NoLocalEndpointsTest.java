package io.towpath.dataplane.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the counts follow changes; what counts is in the conformance scenarios. */
final class NoLocalEndpointsTest {
    private static final String HERE = ", nodeName: node";
    private static final String ELSEWHERE = ", nodeName: other";

    @TempDir
    private Path folder;

    private static String service(String name, String policies) {
        return Objects.service(
                name,
                "type: NodePort, clusterIP: 10.96.0." + name.length() + ", ports: [{name: p, port: 80}]" + policies);
    }

    private static String slice(String service, String place) {
        return Objects.slice(service + "-1", service, Objects.endpoint("10.1.0.1", place));
    }

    private static NoLocalEndpoints.Counts counts(ClusterFixture cluster) {
        return cluster.states.noLocalEndpoints();
    }

    @Test
    void shouldFollowEndpointsPoliciesAndServicesOneByOne() throws Exception {
        ClusterFixture cluster = new ClusterFixture(folder, ProxyConfig.defaults());
        String internal = ", internalTrafficPolicy: Local";
        String external = ", externalTrafficPolicy: Local";
        cluster.upsert(service("a", internal), slice("a", ELSEWHERE), service("bb", external), slice("bb", ELSEWHERE));
        assertEquals(new NoLocalEndpoints.Counts(1, 0, 1, 0), counts(cluster));

        cluster.upsert(slice("a", HERE));
        assertEquals(new NoLocalEndpoints.Counts(0, 0, 1, 0), counts(cluster));

        cluster.upsert(service("bb", internal + external));
        assertEquals(new NoLocalEndpoints.Counts(1, 0, 1, 0), counts(cluster));

        cluster.upsert(slice("a", ELSEWHERE));
        cluster.delete("Service", "bb");
        assertEquals(new NoLocalEndpoints.Counts(1, 0, 0, 0), counts(cluster));

        cluster.delete("EndpointSlice", "a-1");
        assertEquals(NoLocalEndpoints.Counts.NONE, counts(cluster));
    }
}
