package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.port.IoEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EngineConfigTest {
    private static final String PORT = "ports:\n  - {name: a, tap: tp0, addresses: [10.0.0.1/24]}\n";

    @TempDir
    Path folder;

    private EngineConfig read(String text) throws Exception {
        return EngineConfig.read(Files.writeString(folder.resolve("c.yaml"), text));
    }

    private List<String> problems(String text) {
        String folderName = folder.toString() + "/";
        return assertThrows(ManifestException.class, () -> read(text)).problems().stream()
                .map(problem -> problem.replace(folderName, ""))
                .toList();
    }

    @Test
    void shouldNameUnknownFieldsAtEveryLevel() {
        String first = problems("port: 1\n" + PORT).getFirst();
        assertTrue(first.startsWith("c.yaml:1: configuration.port: no such field; known are clusterCIDR, "), first);
        assertEquals(
                List.of("c.yaml:2: configuration.ports[0].adresses: no such field; known are addresses, guest, io,"
                        + " mac, name, netns, rename, tap, udpMerging"),
                problems("ports:\n  - {name: a, tap: tp0, adresses: [10.0.0.1/24]}\n"));
        assertEquals(
                List.of("c.yaml:2: configuration.ports[0].guest.mut: no such field; known are addresses, mtu"),
                problems("ports:\n  - {name: a, tap: tp0, guest: {mut: 1400}}\n"));
        assertEquals(
                List.of("c.yaml:3: configuration.routes[0].metric: no such field; known are port, to, via"),
                problems(PORT + "routes: [{to: 0.0.0.0/0, port: a, metric: 5}]\n"));
    }

    @Test
    void shouldAskForThePrefixLengthOfAnInterface() {
        assertEquals(
                List.of("c.yaml:2: configuration.ports[0].addresses[0]: an address with prefix length was expected,"
                        + " found \"10.0.0.1\""),
                problems("ports:\n  - {name: a, tap: tp0, addresses: [10.0.0.1]}\n"));
    }

    @Test
    void shouldReadHowFramesGetToADevice() throws Exception {
        String port = "ports:\n  - {name: a, tap: tp0, io: %s}\n";

        assertEquals(IoEngine.AUTO, read(PORT).ports().getFirst().io());
        assertEquals(IoEngine.RW, read(port.formatted("rw")).ports().getFirst().io());
        assertEquals(
                IoEngine.URING, read(port.formatted("uring")).ports().getFirst().io());
        assertEquals(IoEngine.RW, read("node: {io: rw}\n").node().io());
        assertEquals(
                List.of("c.yaml:2: configuration.ports[0].io: auto, uring, netty or rw was expected, found \"RW\""),
                problems(port.formatted("RW")));
    }

    @Test
    void shouldMergeDatagramsUnlessToldNotTo() throws Exception {
        String port = "ports:\n  - {name: a, tap: tp0, udpMerging: %s}\n";

        assertEquals(
                List.of(true, false, true),
                List.of(
                        read(PORT).ports().getFirst().udpMerging(),
                        read(port.formatted("false")).ports().getFirst().udpMerging(),
                        read(port.formatted("true")).ports().getFirst().udpMerging()));
        assertEquals(
                List.of(true, false),
                List.of(
                        read("node: {tap: tp0}\n").node().udpMerging(),
                        read("node: {udpMerging: false}\n").node().udpMerging()));
    }

    @Test
    void shouldRefuseEventLoopsForSomePortsOnly() throws Exception {
        String ports = "ports:\n  - {name: a, tap: tp0, io: netty}\n  - {name: b, tap: tp1, io: %s}\n";

        assertEquals(
                IoEngine.NETTY, read(ports.formatted("netty")).ports().getLast().io());
        assertEquals(
                List.of("c.yaml:2: configuration.ports: io: netty on all ports, or on none was expected, found a list"),
                problems(ports.formatted("rw")));
    }

    @Test
    void shouldRefuseASecondDocument() throws Exception {
        assertEquals(
                List.of("c.yaml:4: a second document: one document was expected, found a mapping"),
                problems(PORT + "---\nroutes: []\n"));

        assertEquals(1, read("---\n" + PORT + "---\n").ports().size(), "an empty one says nothing");
    }
}
