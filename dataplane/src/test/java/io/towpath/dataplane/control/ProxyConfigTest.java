package io.towpath.dataplane.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Scheduler;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProxyConfigTest {
    private static final String KIND = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    private static final int CORES = 8;

    /** What an installer writes when nothing is chosen: every field, empty or at its default. */
    private static final String UNTOUCHED = KIND + """
            bindAddress: 0.0.0.0
            bindAddressHardFail: false
            clientConnection: {acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: "", qps: 0}
            clusterCIDR: 10.244.0.0/16
            configSyncPeriod: 0s
            conntrack:
              maxPerCore: null
              min: null
              tcpBeLiberal: false
              tcpCloseWaitTimeout: null
              tcpEstablishedTimeout: null
              udpStreamTimeout: 0s
              udpTimeout: 0s
            detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
            detectLocalMode: ""
            enableProfiling: false
            healthzBindAddress: ""
            hostnameOverride: ""
            iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
            ipvs:
              excludeCIDRs: null
              minSyncPeriod: 0s
              scheduler: ""
              strictARP: false
              syncPeriod: 0s
              tcpFinTimeout: 0s
              tcpTimeout: 0s
              udpTimeout: 0s
            logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}}, verbosity: 0}
            metricsBindAddress: ""
            mode: ""
            nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
            nodePortAddresses: null
            oomScoreAdj: null
            portRange: ""
            showHiddenMetricsForVersion: ""
            winkernel: {enableDSR: false, forwardHealthCheckVip: false, networkName: "", rootHnsEndpointName: "", sourceVip: ""}
            """;

    @TempDir
    Path folder;

    private final List<String> warnings = new ArrayList<>();

    private ProxyConfig readFile(String text) throws Exception {
        return ProxyConfigReader.read(
                Files.writeString(folder.resolve("proxy.yaml"), text),
                CORES,
                line -> warnings.add(line.substring(line.indexOf("proxy.yaml"))));
    }

    private ProxyConfig read(String yaml) throws Exception {
        return readFile(KIND + yaml + (yaml.startsWith("mode:") ? "" : "mode: nftables\n"));
    }

    private List<String> problems(String text) {
        return assertThrows(ManifestException.class, () -> readFile(text)).problems().stream()
                .map(problem -> problem.substring(problem.indexOf("proxy.yaml")))
                .toList();
    }

    @Test
    void shouldTakeWhatAnInstallerWritesAndSpeakOfTheModeOnly() throws Exception {
        ProxyConfig config = readFile(UNTOUCHED);

        assertEquals(1, warnings.size(), warnings.toString());
        assertTrue(
                warnings.getFirst()
                        .contains(": mode: \"\" is the iptables mode for kube-proxy, and is not what you get"),
                warnings.toString());
        assertEquals(ProxyConfig.defaults().withClusterCidrs(List.of(Prefix.parse("10.244.0.0/16"))), config);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.conf", "kube-proxy.yaml"})
    void shouldReadTheConfigMapThatClustersKeepItIn(String key) throws Exception {
        String configMap =
                """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: kube-proxy, namespace: kube-system}
                data:
                  kubeconfig.conf: |
                    apiVersion: v1
                    kind: Config
                  %s: |
                %s
                """.formatted(key, (UNTOUCHED.replace("mode: \"\"", "mode: nftables") + "oops: 1\n").indent(4));

        assertEquals(List.of(Prefix.parse("10.244.0.0/16")), readFile(configMap).clusterCidrs());
        assertEquals(
                List.of("proxy.yaml data[" + key
                        + "]:40: KubeProxyConfiguration: oops: \"1\" is unknown and has no effect"),
                warnings);
    }

    @Test
    void shouldSayWhatIsNoKubeProxyConfiguration() {
        assertEquals(
                List.of("proxy.yaml:1: kind: KubeProxyConfiguration, or a ConfigMap with one in it, was expected"),
                problems("apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n"));
        assertEquals(
                List.of(
                        "proxy.yaml:1: KubeProxyConfiguration: apiVersion: kubeproxy.config.k8s.io/v1alpha1 was expected,"
                                + " found \"componentconfig/v1alpha1\""),
                problems("apiVersion: componentconfig/v1alpha1\nkind: KubeProxyConfiguration\nmode: []\n"));
        assertEquals(
                List.of(
                        "proxy.yaml:1: KubeProxyConfiguration: apiVersion: kubeproxy.config.k8s.io/v1alpha1 was expected,"
                                + " found nothing"),
                problems("kind: KubeProxyConfiguration\n"));
        assertEquals(1, problems("").size());
        assertEquals(1, problems("[1]").size());
    }

    @Test
    void shouldTakeTheFirstCidrOfEachFamilyAndGoDurations() throws Exception {
        ProxyConfig config = read(
                "clusterCIDR: \"10.0.0.0/8,fd00::/8,172.16.0.0/12\"\n"
                        + "conntrack: {tcpEstablishedTimeout: 1h0m30s, udpTimeout: 1500ms, tcpCloseWaitTimeout: 0s, tcpBeLiberal: true}\n");

        assertEquals(
                new LocalDetector.BySource(List.of(Prefix.parse("10.0.0.0/8"), Prefix.parse("fd00::/8"))),
                config.localDetector(List.of()));
        assertEquals(3630, config.conntrack().tcpEstablishedSeconds());
        assertEquals(2, config.conntrack().udpSeconds());
        assertEquals(3600, config.conntrack().tcpCloseWaitSeconds(), "0 leaves the default");
        assertTrue(config.conntrack().tcpLiberal());
        assertEquals(List.of(), warnings);
    }

    @Test
    void shouldDetectLocalPodsByEachMode() throws Exception {
        List<Prefix> podCidrs = List.of(Prefix.parse("10.1.7.0/24"));
        assertEquals(
                new LocalDetector.BySource(podCidrs),
                read("detectLocalMode: NodeCIDR\nclusterCIDR: 10.0.0.0/8\n").localDetector(podCidrs));
        assertEquals(
                new LocalDetector.None(), read("detectLocalMode: NodeCIDR\n").localDetector(List.of()));
        assertEquals(
                new LocalDetector.ByInterface("cni0", false),
                read("detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}\n")
                        .localDetector(podCidrs));
        assertEquals(
                new LocalDetector.ByInterface("veth", true),
                read("detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: veth}\n")
                        .localDetector(podCidrs));
        assertEquals(new LocalDetector.None(), read("").localDetector(podCidrs));
    }

    @Test
    void shouldTakeMasqueradeSchedulerAddressAndName() throws Exception {
        assertTrue(read("iptables: {masqueradeAll: true}\n").masqueradeAll());
        assertTrue(read("nftables: {masqueradeAll: true}\n").masqueradeAll());
        assertEquals(Scheduler.WLC, read("ipvs: {scheduler: wlc}\n").scheduler());
        assertEquals(
                Optional.of(Address.parse("192.0.2.7")),
                read("bindAddress: 192.0.2.7\n").bindAddress());
        assertEquals(Optional.empty(), read("bindAddress: \"::\"\n").bindAddress());
        assertEquals("Node-7", read("hostnameOverride: Node-7\n").hostnameOverride());
        assertEquals(
                false,
                read("featureGates: {PreferSameTrafficDistribution: false}\n").topologyHints());
        assertEquals(List.of(), warnings);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 262144",
        "'maxPerCore: 0, min: 500000', 262144",
        "'maxPerCore: 100000', 800000",
        "'maxPerCore: 1000', 131072",
        "'maxPerCore: 1000, min: 2000', 8000",
        "'min: 1000', 262144",
        "'min: 400000', 400000",
        "'maxPerCore: 2147483647', 16777216",
    })
    void shouldSizeTheConnectionTableByTheCores(String conntrack, int entries) throws Exception {
        ConntrackConfig config = read("conntrack: {" + conntrack + "}\n").conntrack();

        assertEquals(entries, config.maxEntries());
        assertEquals(entries == 1 << 24 ? 1 : 0, warnings.size());
    }

    @ParameterizedTest
    @CsvSource({
        "oomScoreAdj: -1, oomScoreAdj: \"-1\" has no effect: the score is the starter's to set",
        "'iptables: {masqueradeBit: 7}', iptables.masqueradeBit: \"7\" has no effect: no packet carries a mark in here",
        "'ipvs: {excludeCIDRs: [10.0.0.0/8]}', ipvs.excludeCIDRs: a list has no effect: there is no IPVS table to keep apart",
        "'ipvs: {syncPeriod: 1h}', ipvs.syncPeriod: \"1h\" has no effect: changes are applied at once",
        "enableProfiling: true, enableProfiling: \"true\" has no effect",
        "'iptables: {localhostNodeport: true}', iptables.localhostNodeport: \"true\" is unknown and has no effect",
        "resourceContainer: /kube, resourceContainer: \"/kube\" is unknown and has no effect",
        "'featureGates: {Fancy: true, Plain: false}', featureGates.Fancy: \"true\" has no effect",
        "'nodePortAddresses: [localhost]', nodePortAddresses[0]: \"localhost\" has no effect: NodePorts are not served on loopback",
        "'ipvs: {scheduler: lblc}', 'ipvs.scheduler: \"lblc\" is not known, random is used; known are random, rr, wrr, lc, wlc, sh, dh, mh, sed, nq'",
    })
    void shouldNameWhatHasNoEffect(String yaml, String warning) throws Exception {
        read(yaml + "\n");

        assertEquals(List.of("proxy.yaml:3: KubeProxyConfiguration: " + warning), warnings);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "oomScoreAdj: -999",
                "iptables: {masqueradeBit: 14, syncPeriod: 0h0m30s, minSyncPeriod: 1s, localhostNodePorts: true}",
                "iptables: {localhostNodePorts: false}",
                "configSyncPeriod: 15m0s",
                "healthzBindAddress: 0.0.0.0:10256",
                "metricsBindAddress: 127.0.0.1:10249",
                "bindAddressHardFail: true",
                "clientConnection: {qps: 5, burst: 10, contentType: application/vnd.kubernetes.protobuf}",
                "ipvs: {strictARP: false, excludeCIDRs: []}",
                "mode: nftables"
            })
    void shouldNotNameDefaults(String yaml) throws Exception {
        read(yaml + "\n");

        assertEquals(List.of(), warnings);
    }

    @Test
    void shouldServeMetricsWhereItIsSaidAndOnANodeWhereKubeProxyDoes() throws Exception {
        ProxyConfig silent = read("");
        assertEquals(Optional.empty(), silent.metricsBindAddress());
        assertEquals(
                "127.0.0.1:10249",
                silent.ofNode().metricsBindAddress().orElseThrow().toString());

        ProxyConfig said = read("metricsBindAddress: 192.0.2.1\nbindAddressHardFail: true\n");
        assertEquals(
                "192.0.2.1:10249",
                said.ofNode().metricsBindAddress().orElseThrow().toString());
        assertTrue(said.ofNode().bindAddressHardFail());
    }

    @Test
    void shouldSayOnceWhatDiffersFromOtherModes() throws Exception {
        read("mode: ipvs\n");
        assertEquals(1, warnings.size());
        assertTrue(
                warnings.getFirst()
                        .startsWith("proxy.yaml:3: KubeProxyConfiguration: mode: \"ipvs\" is not what you get"),
                warnings.toString());
        read("mode: iptables\n");
        assertTrue(warnings.getLast().endsWith("never on localhost"), warnings.toString());
        readFile(KIND);
        assertEquals(3, warnings.size(), "no mode is the iptables mode, too");
    }

    @ParameterizedTest
    @CsvSource({
        "detectLocalMode: Bogus, 'detectLocalMode: one of ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix was expected, found \"Bogus\"'",
        "'nodePortAddresses: [primary, junk/x]', 'nodePortAddresses[1]: a CIDR, primary, all or localhost was expected, found \"junk/x\"'",
        "'conntrack: {udpTimeout: soon}', 'conntrack.udpTimeout: a duration such as 1h0m0s was expected, found \"soon\"'",
        "'conntrack: {min: -1}', 'conntrack.min: a number 0..2147483647 was expected, found \"-1\"'",
        "metricsBindAddress: 127.0.0.1:0, 'metricsBindAddress: an address such as 0.0.0.0:10249 was expected, found \"127.0.0.1:0\"'",
        "mode: userspace, 'mode: nftables, iptables or ipvs was expected, found \"userspace\"'",
        "bindAddress: here, 'bindAddress: an IP address was expected, found \"here\"'",
        "clusterCIDR: 10/8, 'clusterCIDR: CIDRs with commas between was expected, found \"10/8\"'",
        "'iptables: {masqueradeAll: maybe}', 'iptables.masqueradeAll: true or false was expected, found \"maybe\"'",
    })
    void shouldRefuseWhatItCannotUse(String yaml, String problem) {
        assertEquals(List.of("proxy.yaml:3: KubeProxyConfiguration: " + problem), problems(KIND + yaml + "\n"));
    }

    @Test
    void shouldRefuseAnInterfaceModeWithoutTheInterface() {
        assertEquals(
                List.of(
                        "proxy.yaml:1: KubeProxyConfiguration: detectLocal.bridgeInterface: a text was expected, found nothing"),
                problems(KIND + "detectLocalMode: BridgeInterface\n"));
        assertEquals(
                List.of(
                        "proxy.yaml:3: KubeProxyConfiguration: detectLocal.interfaceNamePrefix: a text was expected, found \"\""),
                problems(KIND + "detectLocal: {interfaceNamePrefix: \"\"}\ndetectLocalMode: InterfaceNamePrefix\n"));
    }

    @Test
    void shouldMakeTheBindAddressThePrimaryOne() throws Exception {
        ClusterFixture cluster = new ClusterFixture(folder, read("bindAddress: 192.0.2.7\n"));
        cluster.upsert(Objects.node("node", "a", "192.0.2.1", "192.0.2.7"));

        assertEquals(
                List.of("192.0.2.7", "192.0.2.1"),
                ClusterFixture.texts(
                        cluster.last.change().nodeFacts().orElseThrow().nodeAddresses()));
    }

    @Test
    void shouldWarnOfANodeWithoutPodCidrsWhereTheyDecide() throws Exception {
        ClusterFixture cluster = new ClusterFixture(folder, read("detectLocalMode: NodeCIDR\n"));

        assertEquals(
                List.of("Node node: spec.podCIDRs: none yet, so detectLocalMode NodeCIDR finds no local pods"),
                cluster.upsert(Objects.node("node", "a", "192.0.2.1")));
    }
}
