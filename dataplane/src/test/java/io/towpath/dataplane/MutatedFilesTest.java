package io.towpath.dataplane;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a file holds, reading it ends with its content or a {@link ManifestException}: never another exception. */
final class MutatedFilesTest {
    private static final int TRIES = 400;
    /** What YAML, JSON and the fields' own formats give a meaning to. */
    private static final List<String> TOKENS = List.of(
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\n",
            "\"",
            "'",
            "- ",
            "&a ",
            "*a",
            "<<: ",
            "|",
            "null",
            "~",
            "!!int ",
            "0",
            "-1",
            "99999999999",
            "1e9",
            "::",
            "/",
            "/129",
            "0.0.0.0/0",
            "::ffff:1.2.3.4",
            "ff02::1",
            "\u0000",
            "é",
            "---\n");

    private static final String ENGINE = """
            instance: one
            workers: 2
            manifests: some/folder
            clusterCIDR: "10.1.0.0/16,fd01::/16"
            nodeAddresses: [192.0.2.10]
            ports:
              - name: client
                tap: tp0
                netns: client
                mac: "02:00:00:00:00:01"
                addresses: [10.0.0.1/24, "fd00::1/64"]
                guest: {addresses: [10.0.0.2/24], mtu: 1500}
            routes: [{to: 0.0.0.0/0, via: 10.0.0.254}, {to: 198.51.100.0/24, port: client}]
            """;
    private static final String PROXY = """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            clusterCIDR: 10.0.0.0/8,fd00::/8
            detectLocalMode: InterfaceNamePrefix
            detectLocal: {bridgeInterface: br0, interfaceNamePrefix: veth}
            nodePortAddresses: [primary, 192.0.2.0/24]
            iptables: {masqueradeAll: true}
            featureGates: {PreferSameTrafficDistribution: true}
            conntrack: {tcpEstablishedTimeout: 1h0m30s, udpTimeout: 1500ms, tcpBeLiberal: true}
            """;
    private static final String YAML = """
            kind: Service
            metadata: {name: web, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z"}
            spec:
              type: LoadBalancer
              clusterIPs: [10.96.0.10, "fd96::10"]
              externalIPs: [203.0.113.7]
              loadBalancerSourceRanges: [10.0.0.0/8]
              sessionAffinity: ClientIP
              externalTrafficPolicy: Local
              healthCheckNodePort: 31000
              ports: [{name: http, port: 80, nodePort: 30080, protocol: TCP, targetPort: 8080}]
            status: {loadBalancer: {ingress: [{ip: 203.0.113.9, ipMode: VIP}]}}
            """;
    private static final String JSON = """
            {"kind": "List", "items": [
              {"kind": "Node", "metadata": {"name": "node", "labels": {"topology.kubernetes.io/zone": "a"}},
               "spec": {"podCIDRs": ["10.1.0.0/24"]},
               "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.10"}]}},
              {"kind": "ServiceCIDR", "metadata": {"name": "c"}, "spec": {"cidrs": ["10.96.0.0/16"]}},
              {"kind": "EndpointSlice", "metadata": {"name": "web-1", "namespace": "shop",
               "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
               "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
               "endpoints": [{"addresses": ["10.1.0.1"], "nodeName": "node", "zone": "a",
                 "conditions": {"ready": true, "serving": true, "terminating": false},
                 "hints": {"forZones": [{"name": "a"}], "forNodes": [{"name": "node"}]}}]}]}
            """;

    @TempDir
    Path folder;

    private interface Reader {
        void read(Path file) throws ManifestException;
    }

    private void assertEnds(String text, Reader reader) throws Exception {
        Random random = new Random(20261125);
        int refused = 0;
        reader.read(Files.writeString(folder.resolve("good.yaml"), text));
        for (int n = 0; n < TRIES; n++) {
            Path file = Files.write(folder.resolve("bad.yaml"), mutated(random, text));
            try {
                reader.read(file);
            } catch (ManifestException e) {
                refused++;
                assertTrue(
                        e.problems().stream().allMatch(problem -> problem.contains("bad.yaml")),
                        e.problems().toString());
            }
        }
        assertTrue(refused > TRIES / 4, refused + " refused");
    }

    private static byte[] mutated(Random random, String text) {
        StringBuilder changed = new StringBuilder(text);
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(changed.length());
            int end = Math.min(changed.length(), at + random.nextInt(random.nextInt(10) == 0 ? 60 : 6));
            changed.replace(at, end, TOKENS.get(random.nextInt(TOKENS.size())));
        }
        byte[] bytes = changed.toString().getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(4) == 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    @Test
    void shouldEndOnAnyEngineConfiguration() throws Exception {
        assertEnds(ENGINE, file -> {
            EngineConfig config = EngineConfig.read(file);
            config.routerPorts();
            config.staticRoutes();
        });
    }

    @Test
    void shouldEndOnAnyKubeProxyConfiguration() throws Exception {
        assertEnds(PROXY, file -> ProxyConfig.read(file, new ArrayList<>()));
    }

    @Test
    void shouldEndOnAnyYamlManifest() throws Exception {
        assertEnds(YAML, MutatedFilesTest::compute);
    }

    @Test
    void shouldEndOnAnyJsonManifest() throws Exception {
        assertEnds(JSON, MutatedFilesTest::compute);
    }

    /** What the reader lets through, the control thread must be able to take. */
    private static void compute(Path file) throws ManifestException {
        DesiredStates states = new DesiredStates(ProxyConfig.defaults(), "node", List.of());
        states.replace(ManifestReader.read(file));
        states.changes();
    }
}
