package io.towpath.dataplane.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.towpath.dataplane.model.ManifestException;
import io.towpath.nat.LocalDetector;
import io.towpath.wire.Prefix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProxyConfigTest {
    private static final String KIND = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

    @TempDir
    Path folder;

    private final List<String> warnings = new ArrayList<>();

    private ProxyConfig read(String yaml) throws Exception {
        return ProxyConfig.read(Files.writeString(folder.resolve("proxy.yaml"), KIND + yaml), warnings);
    }

    private List<String> problems(String yaml) {
        return assertThrows(ManifestException.class, () -> read(yaml)).problems().stream()
                .map(problem -> problem.substring(problem.indexOf("proxy.yaml")))
                .toList();
    }

    @Test
    void shouldTakeTheFirstCidrOfEachFamilyAndGoDurations() throws Exception {
        ProxyConfig config = read("clusterCIDR: \"10.0.0.0/8,fd00::/8,172.16.0.0/12\"\n"
                + "conntrack: {tcpEstablishedTimeout: 1h0m30s, udpTimeout: 1500ms, tcpCloseWaitTimeout: 0s}\n");

        assertEquals(
                new LocalDetector.BySource(List.of(Prefix.parse("10.0.0.0/8"), Prefix.parse("fd00::/8"))),
                config.localDetector(List.of()));
        assertEquals(3630, config.conntrack().tcpEstablishedSeconds());
        assertEquals(2, config.conntrack().udpSeconds());
        assertEquals(3600, config.conntrack().tcpCloseWaitSeconds(), "0 leaves the default");
        assertEquals(List.of(), warnings);
    }

    @Test
    void shouldNameWhatHasNoEffect() throws Exception {
        read("bindAddress: 0.0.0.0\noomScoreAdj: -999\n");

        assertEquals(2, warnings.size(), warnings.toString());
        assertEquals(true, warnings.getFirst().endsWith("field bindAddress has no effect here"));
    }

    @Test
    void shouldRefuseWhatItCannotUse() {
        assertEquals(
                List.of(
                        "proxy.yaml:3: .detectLocalMode: one of ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix"
                                + " was expected, found \"Bogus\""),
                problems("detectLocalMode: Bogus\n"));
        assertEquals(
                List.of(
                        "proxy.yaml:3: .nodePortAddresses[1]: a CIDR or one of primary, all, localhost was expected, found \"junk/x\""),
                problems("nodePortAddresses: [primary, junk/x]\n"));
        assertEquals(
                List.of("proxy.yaml:3: .conntrack.udpTimeout: a duration such as 1h0m0s was expected, found \"soon\""),
                problems("conntrack: {udpTimeout: soon}\n"));
    }
}
