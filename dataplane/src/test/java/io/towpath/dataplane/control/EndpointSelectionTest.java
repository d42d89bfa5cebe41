package io.towpath.dataplane.control;

import static io.towpath.dataplane.control.Objects.endpoint;
import static io.towpath.dataplane.control.Objects.node;
import static io.towpath.dataplane.control.Objects.service;
import static io.towpath.dataplane.control.Objects.slice;
import static io.towpath.dataplane.control.Objects.sliceOf;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.nat.BackendAddress;
import io.towpath.nat.Protocol;
import io.towpath.nat.ServicePort;
import io.towpath.wire.Address;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which endpoints a service port has (SEMANTICS of kube-proxy: slices, conditions, fall-backs, topology), and their weights. */
final class EndpointSelectionTest {
    private static final String HERE = ", nodeName: node";
    private static final String UNREADY = ", conditions: {ready: false, serving: false}";
    private static final String TERMINATING = ", conditions: {ready: false, serving: true, terminating: true}";

    @TempDir
    Path folder;

    private ClusterFixture cluster;

    @BeforeEach
    void start() throws Exception {
        cluster = new ClusterFixture(folder, ProxyConfig.defaults());
        cluster.upsert(
                node("node", "here", "192.0.2.1"),
                service("web", "clusterIP: 10.96.0.1, ports: [{name: p, port: 80}]"));
    }

    @Test
    void shouldMatchPortsByNameAndProtocolAndTakeTheSlicesNumber() throws Exception {
        cluster.upsert(
                service(
                        "web",
                        "clusterIP: 10.96.0.1, ports: [{name: p, port: 80}, {name: q, port: 80, protocol: UDP}]"),
                sliceOf(
                        "web-1",
                        "web",
                        "IPv4",
                        "{name: p, port: 8080}, {name: q, port: 80}, {port: 80}, {name: p}",
                        endpoint("10.1.0.1")),
                sliceOf(
                        "web-2",
                        "web",
                        "IPv4",
                        "{name: p, port: 9090}, {name: q, port: 53, protocol: UDP}",
                        endpoint("10.1.0.1")),
                slice("other-1", "other", endpoint("10.1.0.9")));

        assertEquals(List.of("10.1.0.1:8080", "10.1.0.1:9090"), cluster.cluster("web"));
        ServicePort udp = cluster.port("web", "q", Protocol.UDP, false);
        assertEquals(List.of("10.1.0.1:53"), ClusterFixture.texts(udp.clusterBackends()));
    }

    @Test
    void shouldMatchUnnamedPortsWithTheEmptyName() throws Exception {
        cluster.upsert(
                service("plain", "clusterIP: 10.96.0.2, ports: [{port: 80}]"),
                sliceOf("plain-1", "plain", "IPv4", "{name: \"\", port: 8080}", endpoint("10.1.0.1")));

        ServicePort port = cluster.port("plain", "", Protocol.TCP, false);
        assertEquals(List.of("10.1.0.1:8080"), ClusterFixture.texts(port.clusterBackends()));
    }

    @Test
    void shouldUniteSlicesAndLetTheCopyThatStaysWin() throws Exception {
        cluster.upsert(
                slice("web-1", "web", endpoint("10.1.0.1", TERMINATING), endpoint("10.1.0.2")),
                slice("web-2", "web", endpoint("10.1.0.2", TERMINATING), endpoint("10.1.0.1")));

        assertEquals(List.of("10.1.0.1:8080", "10.1.0.2:8080"), cluster.cluster("web"));
    }

    @Test
    void shouldIgnoreNamesAndOtherFamiliesAndSlicesOfUnknownKinds() throws Exception {
        List<String> warnings = cluster.upsert(
                sliceOf("web-1", "web", "FQDN", "{name: p, port: 80}", endpoint("web.example.com")),
                sliceOf("web-2", "web", "IPv6", "{name: p, port: 80}", endpoint("fd00::1")),
                sliceOf("web-3", "web", "IPv8", "{name: p, port: 80}", endpoint("1.2.3.4.5.6.7.8")),
                slice(
                        "web-4",
                        "web",
                        endpoint("10.1.0.1"),
                        endpoint("fd00::2"),
                        endpoint("pod-7"),
                        endpoint("10.1.0.300")),
                sliceOf(
                        "web-5",
                        "web",
                        "IPv4",
                        "{name: p, port: 99999}, {name: p, port: 1, protocol: QUIC}",
                        endpoint("10.1.0.5")));

        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
        assertEquals(
                List.of(
                        "EndpointSlice ns/web-3: addressType: unknown \"IPv8\", the slice is left out",
                        "EndpointSlice ns/web-4: endpoints[1].addresses[0]: \"fd00::2\" is no IPv4 address, the endpoint is"
                                + " left out, and so are 2 more",
                        "EndpointSlice ns/web-5: ports[0].port: 99999 is no port, it is left out",
                        "EndpointSlice ns/web-5: ports[1].protocol: unknown \"QUIC\", the port is left out"),
                warnings);
    }

    @Test
    void shouldUseTheFirstAddressOfAnEndpointOnly() throws Exception {
        cluster.upsert(slice("web-1", "web", "{addresses: [10.1.0.2, 10.1.0.1]}", "{addresses: []}"));

        assertEquals(List.of("10.1.0.2:8080"), cluster.cluster("web"));
    }

    /** Conditions of the only endpoint, and whether it is used, and whether it counts as serving. */
    @ParameterizedTest
    @CsvSource({
        "'', true, true",
        "'ready: true', true, true",
        "'ready: null, serving: null, terminating: null', true, true",
        "'ready: false', false, true",
        "'ready: false, serving: false', false, false",
        "'ready: false, terminating: true', true, true",
        "'ready: false, serving: true, terminating: true', true, true",
        "'ready: false, serving: false, terminating: true', false, false",
    })
    void shouldKnowTheConditionsAndTheirDefaults(String conditions, boolean isUsed, boolean isServing)
            throws Exception {
        cluster.upsert(
                service("dns", "clusterIP: 10.96.0.2, ports: [{name: p, port: 53, protocol: UDP}]"),
                sliceOf(
                        "dns-1",
                        "dns",
                        "IPv4",
                        "{name: p, port: 53, protocol: UDP}",
                        endpoint("10.1.0.1", ", conditions: {" + conditions + "}")));

        ServicePort port = cluster.port("dns", "p", Protocol.UDP, false);
        assertEquals(isUsed ? 1 : 0, port.clusterBackends().size());
        assertEquals(isServing ? 1 : 0, port.servingBackends().size());
    }

    @Test
    void shouldFallBackToTerminatingEndpointsForEachPolicyByItself() throws Exception {
        cluster.upsert(slice(
                "web-1",
                "web",
                endpoint("10.1.0.1", HERE + TERMINATING),
                endpoint("10.1.0.2", HERE + UNREADY),
                endpoint("10.1.0.3", ", nodeName: far")));
        assertEquals(List.of("10.1.0.3:8080"), cluster.cluster("web"));
        assertEquals(List.of("10.1.0.1:8080"), cluster.local("web"));

        cluster.upsert(
                slice("web-1", "web", endpoint("10.1.0.1", HERE + TERMINATING), endpoint("10.1.0.3", TERMINATING)));
        assertEquals(List.of("10.1.0.1:8080", "10.1.0.3:8080"), cluster.cluster("web"));

        cluster.upsert(slice("web-1", "web", endpoint("10.1.0.1", HERE + TERMINATING), endpoint("10.1.0.2", HERE)));
        assertEquals(List.of("10.1.0.2:8080"), cluster.local("web"));
    }

    @Test
    void shouldNarrowByZoneOnlyIfEveryReadyEndpointHasAHintAndOneNamesTheZone() throws Exception {
        String here = ", hints: {forZones: [{name: here}]}";
        String there = ", hints: {forZones: [{name: there}]}";
        cluster.upsert(slice(
                "web-1",
                "web",
                endpoint("10.1.0.1", here),
                endpoint("10.1.0.2", there),
                endpoint("10.1.0.3", UNREADY)));
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"), "unready ones do not count");

        cluster.upsert(slice("web-1", "web", endpoint("10.1.0.1", here), endpoint("10.1.0.2")));
        assertEquals(List.of("10.1.0.1:8080", "10.1.0.2:8080"), cluster.cluster("web"), "one without a hint");

        cluster.upsert(slice("web-1", "web", endpoint("10.1.0.1", there), endpoint("10.1.0.2", there)));
        assertEquals(List.of("10.1.0.1:8080", "10.1.0.2:8080"), cluster.cluster("web"), "no hint for here");

        cluster.upsert(slice(
                "web-1", "web", endpoint("10.1.0.1", here + TERMINATING), endpoint("10.1.0.2", there + TERMINATING)));
        assertEquals(List.of("10.1.0.1:8080", "10.1.0.2:8080"), cluster.cluster("web"), "not in the fall-back");
    }

    @Test
    void shouldTryNodeHintsBeforeZoneHintsAndNeverNarrowTheLocalSet() throws Exception {
        String both = ", hints: {forZones: [{name: here}], forNodes: [{name: %s}]}";
        String slice = slice(
                "web-1",
                "web",
                endpoint("10.1.0.1", both.formatted("node") + ", nodeName: far"),
                endpoint("10.1.0.2", both.formatted("far") + HERE));
        cluster.upsert(slice);
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
        assertEquals(List.of("10.1.0.2:8080"), cluster.local("web"));

        cluster = new ClusterFixture(
                folder, new ProxyConfigBuilder().withoutNodeHints().build());
        cluster.upsert(
                node("node", "here"), service("web", "clusterIP: 10.96.0.1, ports: [{name: p, port: 80}]"), slice);
        assertEquals(List.of("10.1.0.1:8080", "10.1.0.2:8080"), cluster.cluster("web"), "the gate is off");
    }

    @Test
    void shouldCountAllServingEndpointsOfUdpWhateverThePolicyOrTopology() throws Exception {
        String ports = "ports: [{name: p, port: 53, protocol: UDP}, {name: t, port: 53}]";
        cluster.upsert(
                service("dns", "clusterIP: 10.96.0.2, internalTrafficPolicy: Local, " + ports),
                sliceOf(
                        "dns-1",
                        "dns",
                        "IPv4",
                        "{name: p, port: 53, protocol: UDP}, {name: t, port: 53}",
                        endpoint("10.1.0.1", HERE + ", hints: {forZones: [{name: here}]}"),
                        endpoint("10.1.0.2", ", hints: {forZones: [{name: there}]}"),
                        endpoint("10.1.0.3", TERMINATING),
                        endpoint("10.1.0.4", UNREADY)));

        assertEquals(
                List.of("10.1.0.1:53", "10.1.0.2:53", "10.1.0.3:53"),
                ClusterFixture.texts(
                        cluster.port("dns", "p", Protocol.UDP, false).servingBackends()));
        assertEquals(List.of(), cluster.port("dns", "t", Protocol.TCP, false).servingBackends());
    }

    @Test
    void shouldWeighByAddressThenPodThenNodeThenZone() throws Exception {
        List<String> warnings = weigh("10.1.0.01=7, pod-2=6,n3=5 ,z4=4, 10.1.0.6=0,junk,a=1x,=3,b=65536,c=-1", "TCP");

        assertEquals(
                Map.of(backend(1), 7, backend(2), 6, backend(3), 5, backend(4), 4),
                cluster.port("web").weights());
        assertEquals(
                List.of("10.1.0.1:8080", "10.1.0.2:8080", "10.1.0.3:8080", "10.1.0.4:8080", "10.1.0.5:8080"),
                cluster.cluster("web"));
        assertEquals(5, warnings.size(), warnings.toString());
        assertEquals(
                "Service ns/web: metadata.annotations[towpath.io/weights]: \"junk\" is no NAME=WEIGHT with a weight"
                        + " 0..65535, it is left out",
                warnings.getFirst());
    }

    @Test
    void shouldTakeWeightZeroOutOfTheChoiceOnly() throws Exception {
        weigh("n3=0, z4=0, z5=0, 10.1.0.6=0", "UDP");

        ServicePort port = cluster.port("web", "p", Protocol.UDP, false);
        assertEquals(List.of(), port.clusterBackends(), "the terminating one is no substitute");
        assertEquals(7, port.servingBackends().size());
    }

    private List<String> weigh(String weights, String protocol) throws Exception {
        return cluster.upsert(
                service(
                        "web",
                        ", annotations: {towpath.io/weights: \"" + weights + "\"}",
                        "clusterIP: 10.96.0.1, ports: [{name: p, port: 80, protocol: " + protocol + "}]",
                        ""),
                sliceOf(
                        "web-1",
                        "web",
                        "IPv4",
                        "{name: p, port: 8080, protocol: " + protocol + "}",
                        endpoint("10.1.0.1", ", targetRef: {name: pod-2}, nodeName: n3, zone: z4"),
                        endpoint("10.1.0.2", ", targetRef: {name: pod-2}, nodeName: n3, zone: z4"),
                        endpoint("10.1.0.3", ", targetRef: {name: pod-3}, nodeName: n3, zone: z4"),
                        endpoint("10.1.0.4", ", targetRef: {name: pod-4}, nodeName: n4, zone: z4"),
                        endpoint("10.1.0.5", ", zone: z5"),
                        endpoint("10.1.0.6"),
                        endpoint("10.1.0.7", TERMINATING)));
    }

    private static BackendAddress backend(int number) {
        return new BackendAddress(Address.parse("10.1.0." + number), 8080);
    }
}
