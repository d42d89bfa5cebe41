package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Ingress;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateFileTest {
    @TempDir
    Path folder;

    private static List<ClusterObject> objects() {
        return List.of(
                new Service(
                        "ns",
                        "a",
                        "2026-01-01T00:00:00Z",
                        Map.of(),
                        Map.of("towpath.io/scheduler", "mh"),
                        "LoadBalancer",
                        List.of("10.96.0.1"),
                        List.of("192.0.2.7"),
                        List.of(new Ingress("198.51.100.1", "VIP")),
                        List.of("10.0.0.0/8"),
                        List.of(new Port("p", "TCP", 80, 30_080)),
                        "ClientIP",
                        30,
                        "Cluster",
                        "Local",
                        31_000),
                new EndpointSlice(
                        "ns",
                        "a-1",
                        "a",
                        false,
                        1_700_000_000_123L,
                        "IPv4",
                        List.of(new EndpointPort("p", "TCP", 8080)),
                        List.of(new Endpoint(
                                "10.1.0.1", true, false, true, "node", "z", "pod", List.of("z"), List.of("node")))),
                new Node("node", List.of("192.0.2.1"), List.of("10.1.0.0/24"), "z", List.of("taint"), true),
                new ServiceCidr("kubernetes", List.of("10.96.0.0/16")));
    }

    @Test
    void shouldReadWhatWasWritten() throws Exception {
        StateFile file = new StateFile(folder.resolve("a/state.json"));
        assertEquals(Optional.empty(), file.read());
        SavedState state = SavedState.of("https://server:6443", 1234, objects());
        file.write(SavedState.of("https://server:6443", 1, List.of()));
        file.write(state);

        assertEquals(Optional.of(state), file.read());
        assertEquals(objects(), state.objects().toList());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
        assertEquals(List.of("state.json"), List.of(folder.resolve("a").toFile().list()));
    }

    @Test
    void shouldUseNothingOfABrokenFile() throws Exception {
        StateFile file = new StateFile(folder.resolve("state.json"));
        file.write(SavedState.of("s", 1, objects()));
        String whole = Files.readString(file.path());

        for (int length = 0; length < whole.length(); length += 7) {
            Files.writeString(file.path(), whole.substring(0, length));
            assertThrows(IOException.class, file::read, whole.substring(0, length));
        }
        Files.writeString(file.path(), whole.replace("\"version\":2", "\"version\":3"));
        assertTrue(assertThrows(IOException.class, file::read).getMessage().startsWith("format 3"));
        Files.writeString(file.path(), whole.replace("\"terminating\":true", "\"terminating\":null"));
        assertThrows(IOException.class, file::read);
    }
}
