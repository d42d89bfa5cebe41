package io.towpath.dataplane.conformance;

import io.towpath.dataplane.demo.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A fact about kube-proxy's behaviour: objects, packets and what becomes of them. The README beside the scenario files describes the form.
 *
 * @param node its name, addresses, podCIDR, zone and labels
 * @param objects present from the start
 */
record Scenario(
        String id,
        List<Object> modes,
        Map<String, Object> node,
        Map<String, Object> config,
        List<Map<String, Object>> objects,
        List<Step> steps) {
    /**
     * A change, and what holds after it.
     *
     * @param json the rest: checks other than flows
     */
    record Step(
            String about,
            List<Map<String, Object>> apply,
            List<?> delete,
            List<Flow> flows,
            Map<String, Object> json) {}

    /**
     * The first packet of a new connection, or a later one of an earlier flow.
     *
     * @param sourcePort 0 where it may be any
     * @param from pod, node, localhost, external or lb-vip
     * @param ingress interface name, empty where it follows from {@code from}
     * @param id empty where there is none, and so is {@code continues}, the id of the flow that this one goes on with
     * @param atSeconds since the start of the step, negative where it does not matter
     */
    record Flow(
            String about,
            String protocol,
            String source,
            int sourcePort,
            String destination,
            int destinationPort,
            String from,
            String ingress,
            String id,
            String continues,
            double atSeconds,
            Expectation expect) {
        boolean isFixed() {
            return sourcePort > 0 || !id.isEmpty() || !continues.isEmpty() || atSeconds >= 0;
        }

        @Override
        public String toString() {
            return protocol + " " + source + " -> " + destination + ":" + destinationPort + " (" + about + ")";
        }
    }

    /** What becomes of a flow; texts are empty where they say nothing. */
    record Expectation(
            String action,
            List<String> backends,
            boolean masquerade,
            List<String> masqueradeBackends,
            String sameBackendAs,
            String notBackend) {}

    /** Reads a file of the test resources. */
    static List<Scenario> read(String resource) throws IOException {
        try (InputStream stream = Scenario.class.getResourceAsStream(resource)) {
            String text = new String(Objects.requireNonNull(stream, resource).readAllBytes(), StandardCharsets.UTF_8);
            return parse(text);
        }
    }

    /** Reads a JSON array of scenarios. */
    static List<Scenario> parse(String text) throws IOException {
        return Json.objects(Json.parse("{\"scenarios\":" + text + "}"), "scenarios").stream()
                .map(Scenario::of)
                .toList();
    }

    private static Scenario of(Map<String, Object> json) {
        List<Map<String, Object>> steps = Json.objects(json, "steps");
        return new Scenario(
                text(json, "id"),
                list(json, "modes"),
                map(json, "node"),
                map(json, "config"),
                Json.objects(json, "objects"),
                (steps.isEmpty() ? List.of(json) : steps)
                        .stream().map(Scenario::step).toList());
    }

    private static Step step(Map<String, Object> json) {
        List<Flow> flows = new ArrayList<>();
        for (Map<String, Object> flow : Json.objects(json, "flows")) {
            flows.add(new Flow(
                    text(flow, "about"),
                    text(flow, "proto"),
                    text(flow, "src"),
                    (int) Json.number(flow, "sport"),
                    text(flow, "dst"),
                    (int) Json.number(flow, "dport"),
                    text(flow, "from"),
                    text(flow, "iif"),
                    text(flow, "id"),
                    text(flow, "continues"),
                    flow.containsKey("at") ? Json.number(flow, "at") : -1,
                    expectation(map(flow, "expect"))));
        }
        return new Step(text(json, "about"), Json.objects(json, "apply"), list(json, "delete"), flows, json);
    }

    private static Expectation expectation(Map<String, Object> json) {
        return new Expectation(
                text(json, "action"),
                texts(json, "backends"),
                Boolean.TRUE.equals(json.get("masquerade")),
                texts(json, "masqueradeBackends"),
                text(json, "sameBackendAs"),
                text(json, "notBackend"));
    }

    /** Returns whether any flow's Service has session affinity: then each flow is one connection. */
    boolean hasAffinity() {
        List<Map<String, Object>> all = new ArrayList<>(objects);
        steps.forEach(step -> all.addAll(step.apply()));
        return all.stream()
                .anyMatch(object -> map(object, "spec").get("sessionAffinity") instanceof String affinity
                        && affinity.equals("ClientIP"));
    }

    List<String> nodeAddresses() {
        return texts(node, "ips");
    }

    String nodeName() {
        return text(node, "name");
    }

    boolean hasFlows() {
        return steps.stream().anyMatch(step -> !step.flows().isEmpty());
    }

    boolean hasCheck(String... names) {
        return steps.stream().anyMatch(step -> List.of(names).stream().anyMatch(step.json()::containsKey));
    }

    static String text(Map<String, Object> json, String name) {
        return json.get(name) instanceof String text ? text : "";
    }

    static List<String> texts(Map<String, Object> json, String name) {
        return list(json, name).stream().map(String::valueOf).toList();
    }

    private static List<Object> list(Map<String, Object> json, String name) {
        return json.get(name) instanceof List<?> list ? List.copyOf(list) : List.of();
    }

    @SuppressWarnings("unchecked") // a parsed object has texts as keys
    static Map<String, Object> map(Map<String, Object> json, String name) {
        return json.get(name) instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }
}
