package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The manifests under {@code examples/} and the demo's {@link Plan} say the same. */
final class ExamplesTest {
    private static final Path EXAMPLES = Path.of("../examples");

    @Test
    void shouldServeTheAddressesThatTheDemoUses() throws IOException {
        assertService("web", List.of(Plan.WEB_V4, Plan.WEB_V6), Plan.WEB_PORT, Plan.WEB_BACKEND_PORT, Plan.BACKENDS);
        assertService(
                "echo", List.of(Plan.ECHO_V4, Plan.ECHO_V6), Plan.ECHO_PORT, Plan.ECHO_BACKEND_PORT, Plan.BACKENDS);
        assertService("bulk", List.of(Plan.BULK_V4, Plan.BULK_V6), Plan.BULK_PORT, Plan.BULK_PORT, Plan.BACKENDS);
        assertService("iperf3", List.of(Plan.IPERF_V4, Plan.IPERF_V6), Plan.IPERF_PORT, Plan.IPERF_PORT, 1);
    }

    @Test
    void shouldOfferTheNodePortThatTheDemoUses() throws IOException {
        Map<?, ?> port = firstPort(map(document("web", "web").get("spec")));

        assertEquals(Plan.WEB_NODE_PORT, port.get("nodePort"));
        assertEquals("http", port.get("targetPort"));
    }

    @Test
    void shouldHaveNoOtherFiles() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            assertEquals(
                    List.of("bulk.yaml", "echo.yaml", "iperf3.yaml", "web.yaml"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    private static void assertService(String name, List<String> addresses, int port, int backendPort, int backends)
            throws IOException {
        Map<?, ?> spec = map(document(name, name).get("spec"));
        assertEquals(addresses, spec.get("clusterIPs"));
        assertEquals(port, firstPort(spec).get("port"));
        for (boolean isIpv6 : new boolean[] {false, true}) {
            Map<?, ?> slice = document(name, name + (isIpv6 ? "-ipv6" : "-ipv4"));
            List<String> expected = IntStream.rangeClosed(1, backends)
                    .mapToObj(number -> isIpv6 ? Plan.host6(number, 2) : Plan.host4(number, 2))
                    .toList();
            assertEquals(backendPort, firstPort(slice).get("port"));
            assertEquals(firstPort(spec).get("name"), firstPort(slice).get("name"));
            assertEquals(expected, endpoints(slice));
        }
    }

    private static List<String> endpoints(Map<?, ?> slice) {
        List<String> addresses = new ArrayList<>();
        for (Object endpoint : (List<?>) slice.get("endpoints")) {
            ((List<?>) map(endpoint).get("addresses")).forEach(address -> addresses.add(String.valueOf(address)));
        }

        return addresses;
    }

    private static Map<?, ?> firstPort(Map<?, ?> object) {
        return map(((List<?>) object.get("ports")).getFirst());
    }

    private static Map<?, ?> document(String file, String name) throws IOException {
        String yaml = Files.readString(EXAMPLES.resolve(file + ".yaml"));
        for (Object document : new Load(LoadSettings.builder().build()).loadAllFromString(yaml)) {
            if (map(map(document).get("metadata")).get("name").equals(name)) {
                return map(document);
            }
        }
        throw new AssertionError("no " + name + " in " + file + ".yaml");
    }

    private static Map<?, ?> map(Object value) {
        assertTrue(value instanceof Map<?, ?>, () -> "not a map: " + value);

        return (Map<?, ?>) value;
    }
}
