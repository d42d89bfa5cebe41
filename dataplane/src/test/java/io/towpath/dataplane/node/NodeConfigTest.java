package io.towpath.dataplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.nat.PortRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeConfigTest {
    @TempDir
    private Path folder;

    @Test
    void shouldHaveDefaultsForEverything() throws Exception {
        NodeConfig node = read("node: {}\n").node();

        assertEquals("towpath0", node.tap());
        assertEquals(new PortRange(30_000, 32_767), node.nodePorts());
        assertEquals(new PortRange(61_000, 65_534), node.masqueradePorts());
        assertFalse(node.failOpen());
        assertTrue(node.withFailOpen().failOpen());
    }

    @Test
    void shouldReadWhatTheFileSays() throws Exception {
        NodeConfig node = read("""
                node:
                  tap: tw1
                  serviceCIDRs: [10.96.0.0/12, "fd96::/108"]
                  nodePorts: 20000-22767
                  masqueradePorts: 50000-55000
                  bridgeNetworks: [10.244.1.0/24]
                  failOpen: true
                """).node();

        assertEquals("tw1", node.tap());
        assertEquals("[10.96.0.0/12, fd96::/108]", node.serviceCidrs().toString());
        assertEquals(new PortRange(20_000, 22_767), node.nodePorts());
        assertEquals(new PortRange(50_000, 55_000), node.masqueradePorts());
        assertEquals("[10.244.1.0/24]", node.bridgeNetworks().toString());
        assertTrue(node.failOpen());
    }

    @Test
    void shouldFailOpenWithAllElseAsItWas() throws Exception {
        EngineConfig config = read("instance: a\npersist: true\nclusterCIDR: 10.0.0.0/8\nnode: {tap: tw1}\n");

        EngineConfig open = config.withFailOpen();

        assertTrue(open.node().failOpen());
        assertTrue(open.persist());
        assertEquals(config.toString(), open.toString().replace("failOpen=true", "failOpen=false"));
    }

    @Test
    void shouldBeRouterModeWithoutTheSection() throws Exception {
        assertNull(read("ports: [{name: a, tap: t}]\n").node());
    }

    @Test
    void shouldNameEveryProblem() {
        ManifestException e = assertThrows(ManifestException.class, () -> read("""
                ports: [{name: a, tap: t}]
                node:
                  tap: "; reboot"
                  serviceCIDRs: [10.96.0.0/33]
                  nodePorts: 30000
                  masqueradePorts: 80-90
                  failopen: true
                """));

        for (String field : new String[] {
            "configuration.ports",
            "node.tap",
            "node.serviceCIDRs[0]",
            "node.nodePorts",
            "node.masqueradePorts",
            "node.failopen"
        }) {
            assertTrue(e.getMessage().contains(field), field + " in " + e.getMessage());
        }
    }

    private EngineConfig read(String yaml) throws ManifestException, IOException {
        return EngineConfig.read(Files.writeString(folder.resolve("config.yaml"), yaml));
    }
}
