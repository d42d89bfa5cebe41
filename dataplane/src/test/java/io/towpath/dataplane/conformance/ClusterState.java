package io.towpath.dataplane.conformance;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.NoLocalEndpoints;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestReader;
import io.towpath.nat.DesiredState;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The objects and the configuration of a scenario as its steps change them, read as the engine reads them: from files. */
final class ClusterState {
    private final Scenario scenario;
    private final Path folder;
    private final Map<String, Object> config;
    private final Map<String, Map<String, Object>> objects = new LinkedHashMap<>();

    private DesiredStates desiredStates;
    private ProxyConfig readConfig;

    /** What the control thread makes of a step. */
    record Synced(
            ProxyConfig config, DesiredState state, ServiceIndex services, NoLocalEndpoints.Counts noLocalEndpoints) {}

    ClusterState(Scenario scenario, Path folder) {
        this.scenario = scenario;
        this.folder = folder;
        this.config = new LinkedHashMap<>(scenario.config());
        scenario.objects().forEach(object -> objects.put(key(object), object));
    }

    /** Deletes come before what is applied, then there is one sync. */
    Synced apply(Scenario.Step step) throws Exception {
        config.putAll(Scenario.map(step.json(), "config"));
        step.delete().forEach(gone -> objects.remove(deleted(gone)));
        step.apply().forEach(object -> objects.put(key(object), object));
        return synced();
    }

    /** Returns what is there now. */
    Synced synced() throws Exception {
        ProxyConfig proxyConfig = ProxyConfig.read(write("kube-proxy.yaml", proxyConfig()), new ArrayList<>());
        List<ClusterObject> read = ManifestReader.read(write("objects.json", Map.of("kind", "List", "items", items())));
        if (desiredStates == null || !proxyConfig.equals(readConfig)) {
            desiredStates = new DesiredStates(proxyConfig, scenario.nodeName(), List.of());
            readConfig = proxyConfig;
        }
        desiredStates.replace(read);
        desiredStates.changes();
        return new Synced(
                proxyConfig, desiredStates.state(), desiredStates.services(), desiredStates.noLocalEndpoints());
    }

    private static String key(Map<String, Object> object) {
        Map<String, Object> metadata = Scenario.map(object, "metadata");
        return object.get("kind") + "/" + Scenario.text(metadata, "namespace") + "/" + metadata.get("name");
    }

    private static String deleted(Object gone) {
        return gone instanceof Map<?, ?> map
                ? map.get("kind") + "/" + map.get("namespace") + "/" + map.get("name")
                : gone.toString();
    }

    private List<Map<String, Object>> items() {
        List<Map<String, Object>> items = new ArrayList<>();
        items.add(node());
        items.addAll(objects.values());
        List<String> cidrs = Scenario.texts(config, "serviceCIDRs");
        if (!cidrs.isEmpty()) {
            items.add(Map.of(
                    "kind", "ServiceCIDR", "metadata", Map.of("name", "kubernetes"), "spec", Map.of("cidrs", cidrs)));
        }
        return items;
    }

    private Map<String, Object> node() {
        Map<String, Object> labels = new LinkedHashMap<>(Scenario.map(scenario.node(), "labels"));
        String zone = Scenario.text(scenario.node(), "zone");
        if (!zone.isEmpty()) {
            labels.put("topology.kubernetes.io/zone", zone);
        }
        String podCidr = Scenario.text(scenario.node(), "podCIDR");
        List<Map<String, Object>> addresses = scenario.nodeAddresses().stream()
                .map(address -> Map.<String, Object>of("type", "InternalIP", "address", address))
                .toList();
        return Map.of(
                "kind",
                "Node",
                "metadata",
                Map.of("name", scenario.nodeName(), "labels", labels),
                "spec",
                podCidr.isEmpty() ? Map.of() : Map.of("podCIDRs", List.of(podCidr.split(","))),
                "status",
                Map.of("addresses", addresses));
    }

    private Map<String, Object> proxyConfig() {
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("apiVersion", "kubeproxy.config.k8s.io/v1alpha1");
        file.put("kind", "KubeProxyConfiguration");
        file.put("mode", "nftables");
        if (!"none".equals(config.get("detectLocalMode"))) { // else the detector that knows nothing: no CIDR, no mode
            copy("clusterCIDR", file);
            copy("detectLocalMode", file);
        }
        copy("detectLocal", file);
        copy("nodePortAddresses", file);
        copy("featureGates", file);
        file.put("nftables", Map.of("masqueradeAll", Boolean.TRUE.equals(config.get("masqueradeAll"))));
        return file;
    }

    private void copy(String name, Map<String, Object> file) {
        if (config.get(name) != null) {
            file.put(name, config.get(name));
        }
    }

    private Path write(String name, Map<String, Object> document) throws Exception {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            write(json, document);
        }
        return Files.writeString(folder.resolve(name), text.toString());
    }

    private static void write(JsonGenerator json, Object value) throws Exception {
        switch (value) {
            case Map<?, ?> map -> {
                json.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    json.writeFieldName(entry.getKey().toString());
                    write(json, entry.getValue());
                }
                json.writeEndObject();
            }
            case List<?> list -> {
                json.writeStartArray();
                for (Object element : list) {
                    write(json, element);
                }
                json.writeEndArray();
            }
            case null -> json.writeNull();
            case Boolean truth -> json.writeBoolean(truth);
            case Number number -> json.writeNumber(number.toString());
            default -> json.writeString(value.toString());
        }
    }
}
