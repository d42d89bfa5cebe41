package io.towpath.dataplane.conformance;

import io.towpath.dataplane.control.NoLocalEndpoints;
import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.health.HealthChecks;
import io.towpath.dataplane.health.ListenAddresses;
import io.towpath.dataplane.health.ProxyHealth;
import io.towpath.dataplane.health.ServiceHealth;
import io.towpath.dataplane.http.HttpAnswer;
import io.towpath.dataplane.http.MemoryListeners;
import io.towpath.wire.Address;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks what a scenario says beside its packets: health-check node ports, /healthz and /livez, gauges. */
final class StateRun {
    private static final String NO_LOCAL_ENDPOINTS = "kubeproxy_sync_proxy_rules_no_local_endpoints_total";
    private static final List<String> HEADERS = List.of("weightHeader", "contentType", "xContentTypeOptions");
    private static final Map<String, String> HEADER_NAMES = Map.of(
            "weightHeader", "X-Load-Balancing-Endpoint-Weight",
            "contentType", "Content-Type",
            "xContentTypeOptions", "X-Content-Type-Options");

    private final Scenario scenario;
    private final List<String> problems = new ArrayList<>();
    private final MemoryListeners listeners = new MemoryListeners();
    private final ProxyHealth proxyHealth;
    private boolean proxyHealthy = true;
    private long nowNs;

    private StateRun(Scenario scenario) {
        this.scenario = scenario;
        double timeoutSeconds = Json.number(scenario.config(), "healthzTimeoutSeconds");
        proxyHealth = new ProxyHealth(
                Duration.ofSeconds((long) timeoutSeconds),
                Optional::empty,
                Optional::empty,
                () -> nowNs,
                () -> Instant.ofEpochSecond(0, nowNs));
    }

    /** Returns what is wrong, a line each. */
    static List<String> problems(Scenario scenario, Path folder) throws Exception {
        StateRun run = new StateRun(scenario);
        ClusterState cluster = new ClusterState(scenario, folder);
        ServiceHealth services = new ServiceHealth(
                run.listeners, () -> run.proxyHealthy, () -> 0, warning -> run.problems.add(warning.text()));
        ServiceIndex followed = null; // another one where a step changes the configuration
        HealthChecks checks = null;
        for (Scenario.Step step : scenario.steps()) {
            ClusterState.Synced synced = cluster.apply(step);
            if (synced.services() != followed) {
                followed = synced.services();
                checks = new HealthChecks(scenario.nodeName(), followed);
            }
            List<Address> addresses = ListenAddresses.choose(
                    synced.config().nodePortAddresses(), synced.state().nodeAddresses(), address -> true);
            services.sync(checks.current(), addresses);
            run.check(step, synced);
        }
        return run.problems;
    }

    private void check(Scenario.Step step, ClusterState.Synced synced) throws IOException {
        if (step.json().get("proxyHealthy") instanceof Boolean healthy) {
            proxyHealthy = healthy;
        }
        for (Map<String, Object> check : Json.objects(step.json(), "health")) {
            checkHealth(step, check);
        }
        Json.objects(step.json(), "events").forEach(this::event);
        for (Map<String, Object> check : Json.objects(step.json(), "http")) {
            String path = Scenario.text(check, "path");
            HttpAnswer answer = path.equals("/healthz") ? proxyHealth.healthz() : proxyHealth.livez();
            compare(step.about() + ": " + path, Scenario.map(check, "expect"), answer);
        }
        for (Map<String, Object> check : Json.objects(step.json(), "metrics")) {
            checkMetric(step, check, synced);
        }
    }

    private void checkHealth(Scenario.Step step, Map<String, Object> check) throws IOException {
        int port = (int) Json.number(check, "port");
        String what = step.about() + ": healthCheckNodePort " + port;
        Map<String, Object> expect = Scenario.map(check, "expect");
        List<Address> addresses =
                scenario.nodeAddresses().stream().map(Address::parse).toList();
        Address open = addresses.stream()
                .filter(address -> listeners.isOpen(address, port))
                .findFirst()
                .orElse(null);
        if (Boolean.TRUE.equals(expect.get("closed"))) {
            note(open != null, what + " is open on " + open);
            return;
        }
        for (String address : Scenario.texts(expect, "listen")) {
            note(!listeners.isOpen(Address.parse(address), port), what + " is not open on " + address);
        }
        note(open == null, what + " is closed");
        if (open != null) {
            String path = Scenario.text(check, "path");
            compare(what, expect, listeners.get(open, port, path.isEmpty() ? "/" : path));
        }
    }

    private void compare(String what, Map<String, Object> expect, HttpAnswer answer) throws IOException {
        Map<String, Object> body = Json.parse(answer.body());
        expect.forEach((name, value) -> {
            Object found = name.equals("status")
                    ? answer.status()
                    : HEADERS.contains(name) ? answer.headers().get(HEADER_NAMES.get(name)) : body.get(name);
            note(
                    !name.equals("listen") && !String.valueOf(value).equals(String.valueOf(found)),
                    what + ": " + name + " is " + found + ", expected " + value);
        });
    }

    private void event(Map<String, Object> event) {
        event.forEach((name, value) -> {
            switch (name) {
                case "queued" -> proxyHealth.queued(value.equals("IPv6"));
                case "updated" -> proxyHealth.updated(value.equals("IPv6"));
                case "advance" -> nowNs += (long) (Json.number(event, name) * 1e9);
                case "nodeTaints" -> proxyHealth.node(Scenario.texts(event, name), false);
                case "nodeDeleted" -> proxyHealth.node(List.of(), Boolean.TRUE.equals(value));
                default -> problems.add("no such event: " + name);
            }
        });
    }

    private void checkMetric(Scenario.Step step, Map<String, Object> check, ClusterState.Synced synced) {
        String name = Scenario.text(check, "name");
        Map<String, Object> labels = Scenario.map(check, "labels");
        NoLocalEndpoints.Counts counts = synced.noLocalEndpoints();
        boolean ipv6 = "IPv6".equals(labels.get("ip_family"));
        int found = "internal".equals(labels.get("traffic_policy"))
                ? ipv6 ? counts.internalIpv6() : counts.internalIpv4()
                : ipv6 ? counts.externalIpv6() : counts.externalIpv4();
        int expected = (int) Json.number(check, "value");
        note(!name.equals(NO_LOCAL_ENDPOINTS), "no such gauge: " + name);
        note(found != expected, step.about() + ": " + name + labels + " is " + found + ", expected " + expected);
    }

    private void note(boolean wrong, String problem) {
        if (wrong) {
            problems.add(problem);
        }
    }
}
