package io.towpath.dataplane.control;

import static io.towpath.dataplane.control.Objects.endpoint;
import static io.towpath.dataplane.control.Objects.node;
import static io.towpath.dataplane.control.Objects.service;
import static io.towpath.dataplane.control.Objects.slice;
import static io.towpath.dataplane.control.Objects.sliceOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.Protocol;
import io.towpath.nat.ServicePort;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Prefix;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SEMANTICS of kube-proxy, rule by rule: which objects count, their addresses, and what changes with them. */
final class DesiredStatesTest {
    private static final String WEB = "clusterIP: 10.96.0.1, ports: [{name: p, port: 80}]";

    @TempDir
    Path folder;

    private ClusterFixture cluster;

    @BeforeEach
    void start() {
        cluster = new ClusterFixture(folder, ProxyConfig.defaults());
        cluster.sync();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "clusterIP: None",
                "clusterIP: \"\"",
                "type: ExternalName, clusterIP: 10.96.0.1",
                "type: ClusterIP"
            })
    void shouldPassOverServicesThatAreNotForAProxy(String spec) throws Exception {
        assertEquals(List.of(), cluster.upsert(service("web", spec + ", ports: [{name: p, port: 80}]")));

        assertEquals(Set.of(), cluster.ports.keySet());
    }

    @Test
    void shouldTakeTheLabelOfAnotherProxyForADeletionAndItsRemovalForAnAddition() throws Exception {
        cluster.upsert(service("web", WEB));
        assertEquals(1, cluster.ports.size());
        cluster.upsert(service("web", ", labels: {service.kubernetes.io/service-proxy-name: \"\"}", WEB, ""));
        assertEquals(0, cluster.ports.size());
        cluster.upsert(service("web", WEB));
        assertEquals(1, cluster.ports.size());
    }

    @Test
    void shouldHideSlicesWithTheHeadlessLabelButNotServices() throws Exception {
        String headless = ", labels: {service.kubernetes.io/headless: \"\"}";
        cluster.upsert(
                service("web", headless, WEB, ""),
                slice("web-1", "web", endpoint("10.1.0.1"))
                        .replace("labels: {", "labels: {service.kubernetes.io/headless: \"\", "));

        assertEquals(List.of(), cluster.cluster("web"));
    }

    @Test
    void shouldGiveAFamilyNothingThatHasNoClusterIp() throws Exception {
        List<String> warnings = cluster.upsert(service(
                "web",
                "",
                "clusterIP: 10.96.0.1, externalIPs: [203.0.113.1, \"2001:db8::99\"], ports: [{name: p, port: 80, nodePort: 30080}],"
                        + " loadBalancerSourceRanges: [\"2001:db8::/32\"]",
                "{ip: \"2001:db8::50\"}, {ip: 203.0.113.50}"));

        assertEquals(1, cluster.ports.size());
        assertEquals(List.of("203.0.113.1:80"), cluster.vips("web", VipKind.EXTERNAL_IP));
        assertEquals(List.of("203.0.113.50:80"), cluster.vips("web", VipKind.LOAD_BALANCER));
        assertEquals(List.of("192.0.2.1:30080"), cluster.vips("web", VipKind.NODE_PORT));
        assertEquals(List.of(), cluster.vip("web", VipKind.LOAD_BALANCER).sourceRanges(), "ranges of the other family");
        String tail = " is of a family that the Service has no ClusterIP of, it is left out";
        assertEquals(
                List.of(
                        "Service ns/web: spec.externalIPs: 2001:db8::99" + tail,
                        "Service ns/web: status.loadBalancer.ingress: 2001:db8::50" + tail,
                        "Service ns/web: spec.loadBalancerSourceRanges: 2001:db8::/32" + tail),
                warnings);
    }

    @Test
    void shouldServeBothFamiliesEachWithItsOwnEndpointsAndAddresses() throws Exception {
        cluster.upsert(
                service("web", "clusterIPs: [\"fd00::1\", 10.96.0.1], ports: [{name: p, port: 80, nodePort: 30080}]"),
                slice("web-4", "web", endpoint("10.1.0.1")),
                sliceOf("web-6", "web", "IPv6", "{name: p, port: 8081}", endpoint("fd01::1")));

        ServicePort ipv6 = cluster.port("web", "p", Protocol.TCP, true);
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
        assertEquals(List.of("[fd01::1]:8081"), ClusterFixture.texts(ipv6.clusterBackends()));
        assertEquals(List.of("[fd00::1]:80"), ClusterFixture.vips(ipv6, VipKind.CLUSTER_IP));
        assertEquals(List.of("[2001:db8::1]:30080"), ClusterFixture.vips(ipv6, VipKind.NODE_PORT));
    }

    @Test
    void shouldReadLeadingZerosAsDecimalAndTrimRanges() throws Exception {
        assertEquals(
                List.of(),
                cluster.upsert(
                        service(
                                "web",
                                "",
                                "clusterIP: 010.096.0.1, ports: [{name: p, port: 80}],"
                                        + " loadBalancerSourceRanges: [\" 10.0.0.0/8 \"]",
                                "{ip: 203.000.113.050}"),
                        slice("web-1", "web", endpoint("010.001.000.001"))));

        assertEquals(List.of("10.96.0.1:80"), cluster.vips("web", VipKind.CLUSTER_IP));
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
        Vip ingress = cluster.vip("web", VipKind.LOAD_BALANCER);
        assertEquals("203.0.113.50", ingress.address().toString());
        assertEquals(List.of(Prefix.parse("10.0.0.0/8")), ingress.sourceRanges());
    }

    @Test
    void shouldLetTheIngressAddressItselfInWhereARangeHoldsTheNode() throws Exception {
        cluster.upsert(service("web", "", WEB + ", loadBalancerSourceRanges: [192.0.2.0/24]", "{ip: 203.0.113.50}"));

        assertEquals(
                List.of(Prefix.parse("192.0.2.0/24"), Prefix.parse("203.0.113.50/32")),
                cluster.vip("web", VipKind.LOAD_BALANCER).sourceRanges());
    }

    @Test
    void shouldPassOverIngressThatIsAProxyOrAHostName() throws Exception {
        List<String> warnings = cluster.upsert(service(
                "web",
                "",
                WEB,
                "{ip: 203.0.113.50, ipMode: Proxy}, {ip: 203.0.113.51, ipMode: VIP}, {hostname: lb.example.com}"));

        assertEquals(List.of("203.0.113.51:80"), cluster.vips("web", VipKind.LOAD_BALANCER));
        assertEquals(
                List.of("Service ns/web: status.loadBalancer.ingress: an entry has no ip, it is left out"), warnings);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type: ClusterIP|false|false",
                "type: ClusterIP, externalTrafficPolicy: Local|false|false",
                "type: ClusterIP, externalTrafficPolicy: Local, externalIPs: [203.0.113.1]|false|true",
                "type: NodePort, externalTrafficPolicy: Local|false|true",
                "type: LoadBalancer, externalTrafficPolicy: Local, internalTrafficPolicy: Local|true|true",
                "type: LoadBalancer, internalTrafficPolicy: Local|true|false",
            })
    void shouldApplyEachPolicyToItsOwnAddresses(String spec, boolean internal, boolean external) throws Exception {
        cluster.upsert(service("web", "", WEB + ", " + spec, "{ip: 203.0.113.50}"));

        assertEquals(internal, cluster.vip("web", VipKind.CLUSTER_IP).localOnly());
        assertEquals(external, cluster.vip("web", VipKind.LOAD_BALANCER).localOnly());
    }

    @Test
    void shouldTakeSlicesBeforeTheirServiceAndKeepThoseThatOutliveIt() throws Exception {
        cluster.upsert(slice("web-1", "web", endpoint("10.1.0.1")));
        assertEquals(0, cluster.ports.size());
        cluster.upsert(service("web", WEB));
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
        cluster.delete("Service", "web");
        assertEquals(0, cluster.ports.size());
        cluster.upsert(service("web", WEB));
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
    }

    @Test
    void shouldMoveASliceWithItsLabel() throws Exception {
        cluster.upsert(
                service("a", WEB), service("b", WEB.replace("0.1,", "0.2,")), slice("s", "a", endpoint("10.1.0.1")));
        cluster.upsert(slice("s", "b", endpoint("10.1.0.1")));

        assertEquals(List.of(), cluster.cluster("a"));
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("b"));
    }

    @Test
    void shouldChangeTypePortsAndAddressesInPlace() throws Exception {
        cluster.upsert(service("web", WEB));
        cluster.upsert(
                service("web", "type: NodePort, clusterIP: 10.96.0.2, ports: [{name: p, port: 81, nodePort: 30081}]"));

        assertEquals(List.of("10.96.0.2:81"), cluster.vips("web", VipKind.CLUSTER_IP));
        assertEquals(List.of("192.0.2.1:30081"), cluster.vips("web", VipKind.NODE_PORT));
        assertEquals(1, cluster.last.servicePorts());
    }

    @Test
    void shouldLeaveNothingToDoForAChangeAndItsUndo() throws Exception {
        String[] before = {service("web", WEB), slice("web-1", "web", endpoint("10.1.0.1"), endpoint("10.1.0.2"))};
        cluster.upsert(before);
        Objects.read(folder, slice("web-1", "web"), service("web", WEB + ", externalIPs: [203.0.113.1]"))
                .forEach(cluster.states::upsert);
        cluster.upsert(before);
        assertEquals(List.of(), cluster.last.change().changed());

        cluster.upsert(slice("web-1", "web", endpoint("10.1.0.2"), endpoint("10.1.0.1")));
        assertEquals(List.of(), cluster.last.change().changed(), "the order of endpoints says nothing");
    }

    @Test
    void shouldTellOfNothingButTheServiceThatChanged() throws Exception {
        cluster.upsert(service("a", WEB), service("b", WEB.replace("0.1,", "0.2,")));
        ServicePort untouched = cluster.port("b");
        cluster.upsert(slice("a-1", "a", endpoint("10.1.0.1")));

        assertEquals(List.of(cluster.port("a")), cluster.last.change().changed());
        assertTrue(cluster.last.change().nodeFacts().isEmpty());
        assertSame(untouched, cluster.port("b"));
        cluster.delete("EndpointSlice", "nobody-knows-it");
        assertEquals(List.of(), cluster.last.change().changed());
    }

    @Test
    void shouldComputeEverythingAnewWhenTheNodeMoves() throws Exception {
        cluster.upsert(
                node("node", "a", "192.0.2.1"),
                service("web", WEB.replace("80}", "80, nodePort: 30080}")),
                slice(
                        "web-1",
                        "web",
                        endpoint("10.1.0.1", ", hints: {forZones: [{name: a}]}"),
                        endpoint("10.1.0.2", ", hints: {forZones: [{name: b}]}")));
        assertEquals(List.of("10.1.0.1:8080"), cluster.cluster("web"));
        cluster.upsert(node("other-node", "b", "192.0.2.7"));
        assertEquals(List.of(), cluster.last.change().changed());

        cluster.upsert(node("node", "b", "192.0.2.9"));
        assertEquals(List.of("10.1.0.2:8080"), cluster.cluster("web"));
        assertEquals(List.of("192.0.2.9:30080"), cluster.vips("web", VipKind.NODE_PORT));
        assertEquals(
                List.of("192.0.2.9"),
                ClusterFixture.texts(
                        cluster.last.change().nodeFacts().orElseThrow().nodeAddresses()));
        cluster.states.delete(new io.towpath.dataplane.model.ClusterObject.Key("Node", "", "node"));
        cluster.sync();
        assertEquals(List.of("192.0.2.1:30080"), cluster.vips("web", VipKind.NODE_PORT), "its own addresses");
    }

    @Test
    void shouldFollowServiceCidrs() throws Exception {
        String cidr =
                "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: %s}\nspec: {cidrs: [%s]}\n---\n";
        List<String> warnings = cluster.upsert(
                cidr.formatted("b", "10.96.0.0/16, junk"), cidr.formatted("a", "\"fd00::/108\", 10.96.0.0/16"));

        assertEquals(
                List.of("fd00::/108", "10.96.0.0/16"),
                ClusterFixture.texts(
                        cluster.last.change().nodeFacts().orElseThrow().serviceCidrs()));
        assertEquals(1, warnings.size());
        assertTrue(warnings.getFirst().startsWith("ServiceCIDR b: spec.cidrs: "), warnings.toString());
        cluster.states.delete(new io.towpath.dataplane.model.ClusterObject.Key("ServiceCIDR", "", "a"));
        cluster.sync();
        assertEquals(
                List.of("10.96.0.0/16"),
                ClusterFixture.texts(
                        cluster.last.change().nodeFacts().orElseThrow().serviceCidrs()));
    }

    @Test
    void shouldGiveAnAddressToTheOlderServiceAndBackWhenThatGoes() throws Exception {
        String old = ", creationTimestamp: \"2024-01-01T00:00:00Z\"";
        String young = ", creationTimestamp: \"2025-01-01T00:00:00Z\"";
        assertEquals(List.of(), cluster.upsert(service("a", young, WEB + ", externalIPs: [203.0.113.1]", "")));
        List<String> warnings = cluster.upsert(service("z", old, WEB.replace("80}", "80, nodePort: 30080}"), ""));

        assertEquals(List.of("10.96.0.1:80"), cluster.vips("z", VipKind.CLUSTER_IP));
        assertEquals(List.of("203.0.113.1:80"), cluster.vips("a", VipKind.EXTERNAL_IP));
        assertEquals(List.of(), cluster.vips("a", VipKind.CLUSTER_IP));
        assertEquals(
                List.of("Service ns/a: spec.clusterIPs: 10.96.0.1:80/TCP belongs to Service ns/z, which is older"),
                warnings);
        assertEquals(List.of(), cluster.upsert(slice("a-1", "a", endpoint("10.1.0.1"))), "it is said once");
        assertEquals(List.of(), cluster.vips("a", VipKind.CLUSTER_IP));

        assertEquals(List.of(), cluster.delete("Service", "z"));
        assertEquals(List.of("10.96.0.1:80"), cluster.vips("a", VipKind.CLUSTER_IP));
    }

    @Test
    void shouldSettleADuplicateNodePortByNameAmongServicesOfOneAgeAndKeepProtocolsApart() throws Exception {
        String spec = "type: NodePort, clusterIP: %s, ports: [{name: p, port: 80, nodePort: 30080, protocol: %s}]";
        List<String> warnings = cluster.upsert(
                service("b", spec.formatted("10.96.0.2", "TCP")),
                service("a", spec.formatted("10.96.0.1", "TCP")),
                service("c", spec.formatted("10.96.0.3", "UDP")));

        assertEquals(List.of("192.0.2.1:30080"), cluster.vips("a", VipKind.NODE_PORT));
        assertEquals(List.of(), cluster.vips("b", VipKind.NODE_PORT));
        assertEquals(List.of("10.96.0.2:80"), cluster.vips("b", VipKind.CLUSTER_IP));
        assertEquals(
                List.of("192.0.2.1:30080"),
                ClusterFixture.vips(cluster.port("c", "p", Protocol.UDP, false), VipKind.NODE_PORT));
        assertEquals(
                List.of(
                        "Service ns/b: spec.ports.nodePort: 30080/TCP belongs to Service ns/a, which goes before it by name"),
                warnings);
    }

    @Test
    void shouldHandAnAddressOnWhenItsOwnerLetsGoOfItAlone() throws Exception {
        cluster.upsert(
                service("a", WEB + ", externalIPs: [203.0.113.1]"),
                service("b", WEB.replace("0.1,", "0.2,") + ", externalIPs: [203.0.113.1]"));
        assertEquals(List.of(), cluster.vips("b", VipKind.EXTERNAL_IP));
        cluster.upsert(service("a", WEB));

        assertEquals(List.of("203.0.113.1:80"), cluster.vips("b", VipKind.EXTERNAL_IP));
        assertEquals(2, cluster.last.change().changed().size());
    }

    @Test
    void shouldHaveAnAddressOnceThatIsExternalIpAndIngress() throws Exception {
        assertEquals(
                List.of(),
                cluster.upsert(service(
                        "web",
                        "",
                        WEB + ", externalIPs: [203.0.113.1, 203.0.113.1], loadBalancerSourceRanges: [10.0.0.0/8]",
                        "{ip: 203.0.113.1}")));

        assertEquals(2, cluster.port("web").vips().size());
        assertEquals(1, cluster.vip("web", VipKind.LOAD_BALANCER).sourceRanges().size());
    }
}
