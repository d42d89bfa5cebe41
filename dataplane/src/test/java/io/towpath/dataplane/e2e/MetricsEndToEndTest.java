package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.HttpReport;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.metrics.Exposition;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A running engine is scraped on the host, also while it carries traffic. */
@EndToEnd
final class MetricsEndToEndTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int REQUESTS = 3_000;
    private static final String WEB = "ip_family=IPv4, namespace=default, port=http, protocol=TCP, service=web";

    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void closeClient() {
        client.close();
    }

    private static Path proxyConfig(NetworkRig rig, int port, String more) throws IOException {
        return Files.writeString(rig.folder().resolve("kube-proxy.yaml"), """
                apiVersion: kubeproxy.config.k8s.io/v1alpha1
                kind: KubeProxyConfiguration
                mode: nftables
                metricsBindAddress: 127.0.0.1:%d
                """.formatted(port) + more);
    }

    private static String[] run(NetworkRig rig, Path proxyConfig) throws IOException {
        return new String[] {
            "run",
            "--config",
            DemoConfig.write(rig.network()).toString(),
            "--manifests",
            rig.manifests().toString(),
            "--proxy-config",
            proxyConfig.toString()
        };
    }

    private String get(int port, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return client.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString())
                .body();
    }

    private Exposition scrape(int port) throws Exception {
        return Exposition.parse(get(port, "/metrics"));
    }

    @Test
    void shouldCountTheTrafficThatItCarriesWhileItIsScraped() throws Exception {
        int port = RealPrograms.unusedPort();
        try (NetworkRig rig = NetworkRig.open();
                EngineProcess engine = EngineProcess.start(
                        EngineProcess.command(run(rig, proxyConfig(rig, port, ""))),
                        rig.folder().resolve("engine.log"))) {
            engine.awaitReady(NetworkRig.READY_LIMIT);
            rig.startBackends();
            CompletableFuture<HttpReport> load = CompletableFuture.supplyAsync(() -> load(rig));
            int scrapes = 0;
            double packets = 0;
            do {
                double now = scrape(port).value("towpath_packets_total", "reason=service, verdict=forward");
                assertTrue(now >= packets, "a counter fell");
                packets = now;
                scrapes++;
            } while (!load.isDone());
            assertEquals(0, load.get(1, TimeUnit.SECONDS).all().failures());
            System.out.println(scrapes + " scrapes during " + REQUESTS + " requests");

            Exposition found = scrape(port);
            assertTrue(found.value("towpath_service_packets_total", WEB) > 0);
            assertTrue(found.value("towpath_conntrack_inserts_total", "") >= 1);
            assertTrue(found.value("towpath_burst_frames_count", "") > 0);
            assertTrue(found.value("towpath_burst_frames_sum", "")
                    >= found.value("towpath_packets_total", "reason=service, verdict=forward"));
            assertTrue(found.value("towpath_worker_heartbeat_age_seconds", "worker=0") < 5);
            assertTrue(
                    found.value("towpath_port_kernel_dropped_frames_total", "direction=to-engine, port=client") >= 0);
            assertEquals("nftables", get(port, "/proxyMode"));
            assertTrue(get(port, "/configz").contains("\"metricsBindAddress\":\"127.0.0.1:" + port + "\""));

            shouldMeasureAChange(rig, port);
        }
    }

    private static HttpReport load(NetworkRig rig) {
        try {
            return rig.load(Plan.webTargets(), REQUESTS, 8);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void shouldMeasureAChange(NetworkRig rig, int port) throws Exception {
        double before = scrape(port).value("towpath_programming_from_event_seconds_count", "");
        rig.putManifest("late.yaml", """
                kind: Service
                metadata: {name: late, namespace: e2e}
                spec: {clusterIP: 10.96.0.201, ports: [{name: p, port: 80}]}
                ---
                kind: EndpointSlice
                metadata:
                  name: late-1
                  namespace: e2e
                  labels: {kubernetes.io/service-name: late}
                  annotations: {endpoints.kubernetes.io/last-change-trigger-time: "%s"}
                addressType: IPv4
                ports: [{name: p, port: 8080}]
                endpoints: [{addresses: [10.77.1.2]}]
                """.formatted(Instant.now()));
        RealPrograms.await(
                "the change is measured",
                LIMIT,
                () -> scrape(port).value("towpath_programming_from_event_seconds_count", "") > before);
        Exposition found = scrape(port);
        assertEquals(1, found.value("towpath_programming_from_trigger_seconds_count", ""));
        assertEquals(1, found.value("kubeproxy_network_programming_duration_seconds_count", "ip_family=IPv4"));
        assertEquals(0, found.value("kubeproxy_sync_proxy_rules_endpoint_changes_pending", ""));
    }

    @Test
    void shouldNotStartWithoutItsServerWhereTheConfigurationSaysSo() throws Exception {
        try (NetworkRig rig = NetworkRig.open();
                ServerSocket taken = new ServerSocket(0)) {
            Path config = proxyConfig(rig, taken.getLocalPort(), "bindAddressHardFail: true\n");

            Programs.Result result = RealPrograms.towpath(run(rig, config));

            assertEquals(1, result.exitCode(), result.errors());
            String last = result.errors().lines().toList().getLast();
            assertTrue(last.contains("metricsBindAddress 127.0.0.1:" + taken.getLocalPort()), result.errors());
        }
    }
}
