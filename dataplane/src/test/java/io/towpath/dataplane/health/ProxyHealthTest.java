package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.control.SourceStatus;
import io.towpath.dataplane.http.MemoryListeners;
import io.towpath.wire.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the conformance scenarios do not say: the bodies, and the server's own life. */
final class ProxyHealthTest {
    private long nowNs;

    private Instant wallClock() {
        return Instant.ofEpochSecond(1_700_000_000, nowNs);
    }

    @Test
    void shouldTellTimesFamiliesAndTheNodesFate() {
        ProxyHealth health =
                new ProxyHealth(Duration.ofSeconds(10), Optional::empty, Optional::empty, () -> nowNs, this::wallClock);
        health.updated(false);
        nowNs = 1_000_000_000;
        health.queued(true);
        nowNs = 11_000_000_000L;
        health.node(List.of(), true);

        String status = "\"status\":{\"IPv4\":{\"lastUpdated\":\"2023-11-14T22:13:20Z\",\"healthy\":true},"
                + "\"IPv6\":{\"lastUpdated\":\"0001-01-01T00:00:00Z\",\"healthy\":false}}}";
        String times = "{\"lastUpdated\":\"2023-11-14T22:13:20Z\",\"currentTime\":\"2023-11-14T22:13:31Z\",";
        assertEquals(
                times + "\"nodeEligible\":false,\"healthy\":false," + status,
                health.healthz().body());
        assertEquals(times + "\"healthy\":false," + status, health.livez().body());
        assertEquals(503, health.livez().status());
    }

    @Test
    void shouldBeUnhealthyWithTheReasonWhileAWorkerDoesNotRun() {
        AtomicReference<String> fault = new AtomicReference<>();
        ProxyHealth health = new ProxyHealth(
                Duration.ofSeconds(10),
                Optional::empty,
                () -> Optional.ofNullable(fault.get()),
                () -> nowNs,
                this::wallClock);
        assertTrue(health.isHealthy());
        assertFalse(health.livez().body().contains("reason"));

        fault.set("worker 1 has begun no cycle for 12 s");
        assertFalse(health.isHealthy(), "healthCheckNodePorts say so, too");
        assertEquals(503, health.livez().status());
        assertEquals(503, health.healthz().status());
        String reason = "\"healthy\":false,\"reason\":\"worker 1 has begun no cycle for 12 s\",\"status\":";
        assertTrue(health.livez().body().contains(reason), health.livez().body());
        assertTrue(
                health.healthz().body().contains("\"nodeEligible\":true," + reason),
                health.healthz().body());
    }

    @Test
    void shouldTellHowItStandsWithTheSourceWithoutItsErrors() {
        SourceStatus status =
                new SourceStatus("API server", SourceStatus.State.SAVED, 0, 0, Map.of(), Set.of(), "401 Unauthorized");
        ProxyHealth health = new ProxyHealth(
                Duration.ofSeconds(10), () -> Optional.of(status), Optional::empty, () -> nowNs, this::wallClock);

        String body = health.healthz().body();
        assertTrue(body.endsWith(",\"source\":{\"state\":\"saved\",\"connected\":false}}"), body);
        assertEquals(200, health.healthz().status(), "the last state goes on");
        assertFalse(health.livez().body().contains("source"));
    }

    @Test
    void shouldTakeNowAsTheTimeOfTheLastUpdateWhileHealthy() {
        ProxyHealth health =
                new ProxyHealth(Duration.ofSeconds(10), Optional::empty, Optional::empty, () -> nowNs, this::wallClock);
        health.updated(false);
        nowNs = 60_000_000_000L;

        assertEquals(
                "{\"lastUpdated\":\"2023-11-14T22:14:20Z\",\"currentTime\":\"2023-11-14T22:14:20Z\"",
                health.livez().body().split(",\"healthy")[0]);
    }

    @Test
    void shouldCountTheFirstOfSeveralWaitingChanges() {
        ProxyHealth health =
                new ProxyHealth(Duration.ofSeconds(10), Optional::empty, Optional::empty, () -> nowNs, this::wallClock);
        health.queued(false);
        nowNs = 9_000_000_000L;
        health.queued(false);
        assertEquals(200, health.healthz().status());

        nowNs = 10_000_000_000L;
        assertEquals(503, health.healthz().status());
    }

    @Test
    void shouldServeHealthzWhereConfiguredAndTryAgainWhileThePortIsTaken(@TempDir Path folder) throws Exception {
        Address any = Address.parse("0.0.0.0");
        Path file = Files.writeString(
                folder.resolve("kube-proxy.yaml"),
                "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nhealthzBindAddress: 0.0.0.0\n");
        ProxyConfig config = ProxyConfig.read(file, new ArrayList<>());
        MemoryListeners listeners = new MemoryListeners();
        List<String> log = new ArrayList<>();
        ProbeCounts probes = new ProbeCounts();
        listeners.take("0.0.0.0:10256");
        try (HealthReporter reporter = new HealthReporter(
                config,
                "node",
                new ServiceIndex(),
                listeners,
                probes,
                Optional::empty,
                Optional::empty,
                () -> nowNs,
                log::add,
                warning -> {})) {
            reporter.poll();
            nowNs = 5_000_000_000L;
            reporter.poll();
            assertEquals(
                    List.of("warning: healthzBindAddress 0.0.0.0:10256: cannot listen: Address already in use; it is "
                            + "tried again every 5 s"),
                    log);

            listeners.release("0.0.0.0:10256");
            reporter.poll();
            assertEquals(false, listeners.isOpen(any, 10_256));
            nowNs = 10_000_000_000L;
            reporter.poll();
            assertEquals(200, listeners.get(any, 10_256, "/healthz").status());
            assertEquals(200, listeners.get(any, 10_256, "/livez").status());
            assertEquals(404, listeners.get(any, 10_256, "/metrics").status());
            assertEquals(1, probes.healthzAnswers(200));
            assertEquals(1, probes.livezAnswers(200));
            assertEquals(0, probes.livezAnswers(503));

            reporter.queued();
            nowNs = 70_000_000_000L; // twice the sync period of 30 s
            assertEquals(503, listeners.get(any, 10_256, "/livez").status());
            reporter.synced();
            assertEquals(200, listeners.get(any, 10_256, "/livez").status());
        }
        assertEquals(false, listeners.isOpen(any, 10_256));
    }
}
