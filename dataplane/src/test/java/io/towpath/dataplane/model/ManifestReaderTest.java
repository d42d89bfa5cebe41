package io.towpath.dataplane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ManifestReaderTest {
    private static final String WEB = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: shop}
            spec:
              clusterIP: 10.96.0.10
              sessionAffinity: ClientIP
              ports:
                - {name: http, port: 80, nodePort: 30080}
            ---
            # a second document, in JSON
            {"kind": "List", "items": [{"kind": "EndpointSlice", "metadata": {"name": "web-1",
              "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
              "ports": [{"name": "http", "port": 8080}, {"port": 1}],
              "endpoints": [{"addresses": ["10.1.0.1", "10.1.0.2"], "conditions": {"ready": null}}]}]}
            """;

    @TempDir
    Path folder;

    private List<ClusterObject> read(String text) throws Exception {
        return ManifestReader.read(Files.writeString(folder.resolve("web.yaml"), text));
    }

    @Test
    void shouldReadYamlAndJsonDocumentsAndLists() throws Exception {
        List<ClusterObject> objects = read(WEB);

        Service service = (Service) objects.getFirst();
        assertEquals("shop", service.namespace());
        assertEquals(List.of("10.96.0.10"), service.clusterIps());
        assertEquals(30080, service.ports().getFirst().nodePort());
        assertEquals(10_800, service.affinitySeconds());
        EndpointSlice slice = (EndpointSlice) objects.getLast();
        assertEquals("web", slice.service());
        assertEquals(1, slice.ports().size(), "a port without a name is left out");
        assertEquals("10.1.0.1", slice.endpoints().getFirst().address());
        assertEquals(true, slice.endpoints().getFirst().ready(), "null means ready");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-01T00:00:00Z, 1767225600000",
        "2026-01-01T01:00:00.123456789+01:00, 1767225600123",
        "yesterday, 0",
        "'', 0"
    })
    void shouldReadWhenASlicesLastChangeWasTriggered(String time, long expectedMs) throws Exception {
        EndpointSlice slice = (EndpointSlice) read("""
                kind: EndpointSlice
                metadata: {name: e, annotations: {endpoints.kubernetes.io/last-change-trigger-time: "%s"}}
                addressType: IPv4
                """.formatted(time)).getFirst();

        assertEquals(expectedMs, slice.lastChangeTriggerMs());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port: 80|port: http|8|spec.ports[0].port: a number was expected, found \"http\"",
                "port: 80,|port: [80],|8|spec.ports[0].port: a number was expected, found a list",
            })
    void shouldNameFileLineObjectAndField(String from, String to, int line, String message) {
        String text = WEB.replaceFirst(from, to == null ? "" : to);

        String problem = assertThrows(ManifestException.class, () -> read(text))
                .problems()
                .getFirst();
        assertTrue(problem.endsWith("web.yaml:" + line + ": Service shop/web: " + message), problem);
    }

    @Test
    void shouldPassOnWhatMakesNoSenseAsItIs() throws Exception {
        Service service = (Service) read("""
                apiVersion: v1
                kind: Service
                metadata: {name: odd}
                spec:
                  type: Portal
                  sessionAffinity: Cookie
                  internalTrafficPolicy: Nearest
                  healthCheckNodePort: 31000
                  ports: [{port: 0, protocol: QUIC, nodePort: 70000}, {}]
                """).getFirst();

        assertEquals("Portal", service.type());
        assertEquals(
                new ClusterObject.Port("", "QUIC", 0, 70_000), service.ports().getFirst());
        assertEquals(new ClusterObject.Port("", "TCP", 0, 0), service.ports().getLast());
        assertEquals("Nearest", service.internalTrafficPolicy());
        assertEquals("Cookie", service.sessionAffinity());
        assertEquals(31_000, service.healthCheckNodePort());
    }

    @Test
    void shouldPassOverKindsOfOtherGroupsThatHaveTheSameName() throws Exception {
        assertEquals(List.of(), read("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a: [", "a: 1\na: 2\n", "kind: Service\n", "[1, 2]", "a: &x [*x]\nkind: Service\n", "\u0000"})
    void shouldRefuseWhatIsNoManifest(String text) {
        assertThrows(ManifestException.class, () -> read(text));
    }

    @Test
    void shouldEndOnAnythingWithObjectsOrProblems() throws Exception {
        Random random = new Random(20261123);
        byte[] good = WEB.getBytes(StandardCharsets.UTF_8);
        int refused = 0;
        for (int n = 0; n < 3000; n++) {
            byte[] bad = good.clone();
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                ManifestReader.read(Files.write(folder.resolve("mutated.yaml"), bad));
            } catch (ManifestException e) {
                refused++;
            }
        }
        assertTrue(refused > 1000, refused + " refused");
    }

    @Test
    void shouldReadTenThousandEndpointsAndNestingBombsInBoundedTime() throws Exception {
        StringBuilder slice = new StringBuilder(
                "kind: EndpointSlice\nmetadata: {name: big}\naddressType: IPv4\nports: [{name: a, port: 1}]\nendpoints:\n");
        for (int i = 0; i < 10_000; i++) {
            slice.append("- addresses: [10.1.")
                    .append(i / 250)
                    .append('.')
                    .append(i % 250)
                    .append("]\n");
        }
        assertEquals(
                10_000,
                ((EndpointSlice) read(slice.toString()).getFirst()).endpoints().size());
        assertThrows(ManifestException.class, () -> read("[".repeat(200_000)));
        String pod = "kind: Pod\nmetadata: {name: a}\nspec: ";
        assertEquals(List.of(), read(pod + "[".repeat(40) + "]".repeat(40)));
        assertThrows(ManifestException.class, () -> read(pod + "[".repeat(100) + "]".repeat(100)));
        StringBuilder bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 12; i++) {
            bomb.append("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n"
                    .formatted(i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1));
        }
        assertThrows(ManifestException.class, () -> read(bomb.toString()));
    }
}
