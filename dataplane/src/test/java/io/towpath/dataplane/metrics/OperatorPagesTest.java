package io.towpath.dataplane.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.control.BindAddress;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ProxyConfigBuilder;
import io.towpath.dataplane.control.SourceStatus;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.health.ProbeCounts;
import io.towpath.dataplane.http.Listeners.Listener;
import io.towpath.dataplane.http.LocalServer;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.maps.CounterMap;
import io.towpath.nat.ServiceMaps;
import io.towpath.packet.Reason;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All that is served at metricsBindAddress, by a real server. */
final class OperatorPagesTest {
    private static final Path DOCS = Path.of("../docs/metrics.md");
    private static final ProxyConfig CONFIG = new ProxyConfigBuilder()
            .metricsBindAddress(new BindAddress(LocalServer.LOOPBACK, 10_249))
            .bindAddressHardFail()
            .build();

    private final Traffic traffic = new Traffic();
    private final LocalServer local = new LocalServer();
    private CounterMap verdicts;
    private Listener listener;

    /** What an engine has; its devices and heartbeats come with real ones only. */
    @BeforeEach
    void open() throws Exception {
        verdicts = CounterMap.create(traffic.store, Verdicts.MAP, 1, Verdicts.CAPACITY);
        Conntrack conntrack = new Conntrack(
                traffic.store,
                ConntrackConfig.defaults().withMaxEntries(1024),
                1,
                ServiceMaps.BACKENDS,
                1,
                traffic.quiescence);
        SourceStatus status = new SourceStatus(
                "API server https://server:6443",
                SourceStatus.State.LIVE,
                0,
                2000,
                Map.of("Service", 1500L, "EndpointSlice", 2000L),
                Set.of("Service", "EndpointSlice"),
                "cannot be reached");
        ProgrammingLatency latency =
                new ProgrammingLatency(traffic.quiescence, SystemNanoClock.INSTANCE, InstantSource.system());
        List<MetricSource> sources = List.of(
                new PacketMetrics(verdicts, conntrack),
                new TrafficMetrics(traffic.maps),
                new WorkerCounts(traffic.store, 1),
                new SourceMetrics(() -> Optional.of(status)),
                new ProbeMetrics(new ProbeCounts()),
                new ControlMetrics(InstantSource.system(), latency),
                latency);
        listener = local.server.listen(LocalServer.LOOPBACK, 0, new OperatorPages(CONFIG, sources));
    }

    @AfterEach
    void close() {
        listener.close();
        local.close();
        traffic.close();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return local.get(listener.port(), path);
    }

    private Exposition scrape() throws Exception {
        return Exposition.parse(get("/metrics").body());
    }

    private static List<String> golden() throws Exception {
        try (var in = OperatorPagesTest.class.getResourceAsStream("/metrics.golden")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    @Test
    void shouldHaveTheNamesTypesAndLabelsThatAreWrittenDown() throws Exception {
        traffic.add(Traffic.service(1, 1));
        traffic.count(1, 1, 1, 1);

        List<String> expected = new ArrayList<>(golden());
        expected.removeIf(line -> line.startsWith("towpath_port_") || line.startsWith("towpath_worker_heartbeat_"));
        assertEquals(String.join("\n", expected) + "\n", scrape().summary());
    }

    @Test
    void shouldDocumentEveryMetric() throws Exception {
        String docs = Files.readString(DOCS);

        for (String line : golden()) {
            String[] words = line.split(" ", -1);
            String row = "| `" + words[0] + "` | " + words[1] + " | "
                    + (words[2].isEmpty() ? "" : "`" + words[2].replace(",", "`, `") + "` ") + "|";
            assertTrue(docs.contains(row), row);
        }
    }

    @Test
    void shouldTellOfEachVerdictOnceAndLeaveOutWhatIsNoCounter() throws Exception {
        verdicts.add(0, Reason.CONNTRACK_FULL.ordinal(), 3, 300);
        verdicts.add(0, Reason.FRAGMENT_HELD.ordinal(), 2, 200);
        verdicts.add(0, Reason.MASQUERADE_PORTS_EXHAUSTED.ordinal(), 4, 400);

        Exposition found = scrape();
        assertEquals(3, found.value("towpath_packets_total", "reason=conntrack-full, verdict=drop"));
        assertEquals(300, found.value("towpath_bytes_total", "reason=conntrack-full, verdict=drop"));
        assertEquals(
                Reason.ALL.size() - 2, found.samples("towpath_packets_total").size());
        assertEquals(2, found.value("towpath_fragments_held", ""));
        assertEquals(3, found.value("towpath_conntrack_insert_failures_total", "reason=full"));
        assertEquals(4, found.value("towpath_masquerade_failures_total", ""));
        assertEquals(1024, found.value("towpath_conntrack_capacity", ""));
    }

    @Test
    void shouldTellHowItStandsWithTheSource() throws Exception {
        Exposition found = scrape();

        assertEquals(1, found.value("towpath_source_info", "source=API server https://server:6443"));
        assertEquals(0, found.value("towpath_source_state", "state=waiting"));
        assertEquals(1, found.value("towpath_source_state", "state=live"));
        assertEquals(0, found.value("towpath_source_connected", ""));
        assertEquals(1, found.value("towpath_source_synced", "kind=Service"));
        assertEquals(1.5, found.value("towpath_source_last_event_timestamp_seconds", "kind=Service"));
    }

    @Test
    void shouldSayTheModeThatItActsAs() throws Exception {
        HttpResponse<String> mode = get("/proxyMode");

        assertEquals("nftables", mode.body());
        assertEquals(
                "nosniff", mode.headers().firstValue("X-Content-Type-Options").orElseThrow());
        assertEquals("ok", get("/healthz").body());
        assertEquals(404, get("/debug/pprof/").statusCode());
    }

    @Test
    void shouldTellTheConfigurationInForceInKubeProxysShape() throws Exception {
        HttpResponse<String> page = get("/configz");

        assertEquals(
                "application/json", page.headers().firstValue("Content-Type").orElseThrow());
        assertEquals("""
                {"kubeproxy.config.k8s.io":{"apiVersion":"kubeproxy.config.k8s.io/v1alpha1",\
                "kind":"KubeProxyConfiguration","mode":"nftables","hostnameOverride":"","bindAddress":"",\
                "bindAddressHardFail":true,"healthzBindAddress":"","metricsBindAddress":"127.0.0.1:10249",\
                "clusterCIDR":"","detectLocalMode":"ClusterCIDR",""", page.body().substring(0, page.body().indexOf("\"detectLocal\":")));
        assertEquals(Set.of("kubeproxy.config.k8s.io"), Json.parse(page.body()).keySet());
        assertTrue(page.body().contains("\"min\":262144"), page.body());
        assertTrue(page.body().contains("\"udpTimeout\":\"30s\""), page.body());
    }
}
