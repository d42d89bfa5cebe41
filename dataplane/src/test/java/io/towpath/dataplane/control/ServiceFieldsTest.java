package io.towpath.dataplane.control;

import static io.towpath.dataplane.control.Objects.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.VipKind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fields of a Service: what is bad of them is left out and named, what is unknown taken as the default. */
final class ServiceFieldsTest {
    private static final String WEB = "clusterIP: 10.96.0.1, ports: [{name: p, port: 80}]";

    @TempDir
    Path folder;

    private ClusterFixture cluster;

    @BeforeEach
    void start() {
        cluster = new ClusterFixture(folder, ProxyConfig.defaults());
        cluster.sync();
    }

    @Test
    void shouldLeaveOutOnlyWhatIsBadOfAPortAndNameIt() throws Exception {
        List<String> warnings = cluster.upsert(service(
                "web",
                "clusterIPs: [10.96.0.1, 10.96.0.9, web.example.com], ports: [{name: p, port: 80, nodePort: 70000},"
                        + " {name: zero, port: 0}, {name: big, port: 65536}, {name: quic, port: 1, protocol: QUIC},"
                        + " {name: p, port: 81}, {name: same, port: 80}, {name: good, port: 82}]"));

        assertEquals(3, cluster.ports.size());
        assertNotNull(cluster.port("web", "good", Protocol.TCP, false));
        assertEquals(
                List.of(), ClusterFixture.vips(cluster.port("web", "same", Protocol.TCP, false), VipKind.CLUSTER_IP));
        assertEquals(
                List.of(
                        "Service ns/web: spec.clusterIPs: not an IP address: 'web.example.com', it is left out",
                        "Service ns/web: spec.clusterIPs: 10.96.0.9 is the second one of its family, it is left out",
                        "Service ns/web: spec.ports[0].nodePort: 70000 is no port, it is left out",
                        "Service ns/web: spec.ports[1].port: 0 is no port, it is left out",
                        "Service ns/web: spec.ports[2].port: 65536 is no port, it is left out",
                        "Service ns/web: spec.ports[3].protocol: unknown \"QUIC\", the port is left out",
                        "Service ns/web: spec.ports[4].name: \"p\" is an earlier port's, this one is left out",
                        "Service ns/web: spec.ports[5].port: 80/TCP is spec.ports[0]'s, it is left out"),
                warnings);
    }

    @Test
    void shouldTakeUnknownValuesOfANewerApiAsTheDefaultAndNameThem() throws Exception {
        List<String> warnings = cluster.upsert(service(
                "web",
                "",
                WEB
                        + ", type: Portal, sessionAffinity: Cookie, internalTrafficPolicy: Nearest, externalTrafficPolicy: Far",
                "{ip: 203.0.113.50, ipMode: Tunnel}"));

        assertEquals(
                List.of(
                        "Service ns/web: status.loadBalancer.ingress: unknown ipMode \"Tunnel\", 203.0.113.50 is left out",
                        "Service ns/web: spec.type: unknown \"Portal\", taken as ClusterIP",
                        "Service ns/web: spec.sessionAffinity: unknown \"Cookie\", taken as None",
                        "Service ns/web: spec.internalTrafficPolicy: unknown \"Nearest\", taken as Cluster",
                        "Service ns/web: spec.externalTrafficPolicy: unknown \"Far\", taken as Cluster"),
                warnings);
        assertEquals(1, cluster.port("web").vips().size());
        assertEquals(0, cluster.port("web").affinityTimeoutSeconds());
        assertFalse(cluster.vip("web", VipKind.CLUSTER_IP).localOnly());
    }

    @ParameterizedTest
    @CsvSource({"'', 10800", "'timeoutSeconds: 60', 60", "'timeoutSeconds: 0', 10800", "'timeoutSeconds: 86401', 10800"
    })
    void shouldBoundTheAffinityTimeOut(String timeout, int seconds) throws Exception {
        List<String> warnings = cluster.upsert(service(
                "web", WEB + ", sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {" + timeout + "}}"));

        assertEquals(seconds, cluster.port("web").affinityTimeoutSeconds());
        assertEquals(timeout.matches(".* (0|86401)") ? 1 : 0, warnings.size());
    }

    @Test
    void shouldTakeTheSchedulerFromTheAnnotationThenTheConfiguration() throws Exception {
        ProxyConfig config = new ProxyConfigBuilder().scheduler(Scheduler.LC).build();
        cluster = new ClusterFixture(folder, config);
        String annotation = ", annotations: {towpath.io/scheduler: %s}";
        List<String> warnings = cluster.upsert(
                service("a", annotation.formatted("mh"), WEB, ""),
                service("b", WEB.replace("0.1,", "0.2,")),
                service("c", annotation.formatted("lblcr"), WEB.replace("0.1,", "0.3,"), ""));

        assertEquals(Scheduler.MH, cluster.port("a").scheduler());
        assertEquals(Scheduler.LC, cluster.port("b").scheduler());
        assertEquals(Scheduler.LC, cluster.port("c").scheduler());
        assertEquals(
                List.of(
                        "Service ns/c: metadata.annotations[towpath.io/scheduler]: unknown scheduler \"lblcr\", lc is used;"
                                + " known are random, rr, wrr, lc, wlc, sh, dh, mh, sed, nq"),
                warnings);
    }

    @Test
    void shouldForgetWarningsWithTheirCauseAndSayThemAnewWhenItComesBack() throws Exception {
        String bad = service("web", WEB + ", type: Portal");
        assertEquals(1, cluster.upsert(bad).size());
        assertEquals(0, cluster.upsert(bad).size());
        assertEquals(0, cluster.upsert(service("web", WEB)).size());
        assertEquals(1, cluster.upsert(bad).size());
        assertNull(cluster.port("nobody"));
    }
}
