package io.towpath.dataplane.model;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Ingress;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads Kubernetes manifests: YAML or JSON, several documents a file, Lists. Kinds that a data plane does not need are passed over, and so
 * are unknown fields, as a newer API may have them. What has the wrong type (a text for a number) is a problem of the file; whether a value
 * makes sense is not asked here.
 */
public final class ManifestReader {
    private ManifestReader() {}

    /** @throws ManifestException with every problem of the file */
    public static List<ClusterObject> read(Path file) throws ManifestException {
        YamlFile yaml = YamlFile.read(file);
        List<ClusterObject> objects = new ArrayList<>();
        for (Field root : yaml.documents()) {
            if (root.isPresent()) {
                collect(root, objects);
            }
        }
        yaml.check();
        return objects;
    }

    private static void collect(Field root, List<ClusterObject> objects) {
        Field document = root.named("document");
        String kind = document.get("kind").requiredText();
        if (kind.equals("List")
                || kind.endsWith("List") && document.get("items").isPresent()) {
            for (Field item : document.get("items").elements()) {
                collect(item, objects);
            }
            return;
        }
        Field metadata = document.get("metadata");
        String name = metadata.get("name").requiredText();
        String namespace = metadata.get("namespace").text("default");
        Field named = root.named(kind + " " + namespace + "/" + name + ": ");
        switch (group(document) + kind) {
            case "Service" -> objects.add(service(namespace, name, named));
            case "discovery.k8s.io/EndpointSlice", "EndpointSlice" ->
                objects.add(endpointSlice(namespace, name, named));
            case "Node" -> objects.add(node(name, named));
            case "networking.k8s.io/ServiceCIDR", "ServiceCIDR" ->
                objects.add(new ServiceCidr(name, named.get("spec").get("cidrs").texts()));
            default -> {}
        }
    }

    /** Returns the API group with a slash, empty for the core group: other groups have kinds of the same names. */
    private static String group(Field document) {
        String apiVersion = document.get("apiVersion").text("");
        return apiVersion.substring(0, apiVersion.indexOf('/') + 1);
    }

    private static Service service(String namespace, String name, Field object) {
        Field spec = object.get("spec");
        Field metadata = object.get("metadata");
        List<String> clusterIps = spec.get("clusterIPs").texts();
        String clusterIp = spec.get("clusterIP").text("");
        if (clusterIps.isEmpty() && !clusterIp.isEmpty()) {
            clusterIps = List.of(clusterIp);
        }
        List<Port> ports = new ArrayList<>();
        for (Field port : spec.get("ports").elements()) {
            ports.add(new Port(
                    port.get("name").text(""),
                    port.get("protocol").text("TCP"),
                    port.get("port").number(0),
                    port.get("nodePort").number(0)));
        }
        List<Ingress> ingress = new ArrayList<>();
        for (Field entry :
                object.get("status").get("loadBalancer").get("ingress").elements()) {
            ingress.add(
                    new Ingress(entry.get("ip").text(""), entry.get("ipMode").text("VIP")));
        }
        Field timeout = spec.get("sessionAffinityConfig").get("clientIP").get("timeoutSeconds");
        return new Service(
                namespace,
                name,
                metadata.get("creationTimestamp").text(""),
                metadata.get("labels").textMap(),
                metadata.get("annotations").textMap(),
                spec.get("type").text("ClusterIP"),
                clusterIps,
                spec.get("externalIPs").texts(),
                ingress,
                spec.get("loadBalancerSourceRanges").texts(),
                ports,
                spec.get("sessionAffinity").text("None"),
                timeout.number(ApiFields.AFFINITY_DEFAULT_S),
                spec.get("internalTrafficPolicy").text("Cluster"),
                spec.get("externalTrafficPolicy").text("Cluster"),
                spec.get("healthCheckNodePort").number(0));
    }

    private static EndpointSlice endpointSlice(String namespace, String name, Field object) {
        Map<String, String> labels = object.get("metadata").get("labels").textMap();
        Field trigger = object.get("metadata").get("annotations").get(ApiFields.LAST_CHANGE_TRIGGER_TIME);
        List<EndpointPort> ports = new ArrayList<>();
        for (Field port : object.get("ports").elements()) {
            int number = port.get("port").number(0);
            if (port.get("name").isPresent() && number != 0) {
                ports.add(new EndpointPort(
                        port.get("name").text(""), port.get("protocol").text("TCP"), number));
            }
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (Field endpoint : object.get("endpoints").elements()) {
            List<String> addresses = endpoint.get("addresses").texts();
            if (!addresses.isEmpty()) {
                endpoints.add(endpoint(endpoint, addresses.getFirst()));
            }
        }
        return new EndpointSlice(
                namespace,
                name,
                labels.getOrDefault(ApiFields.SERVICE_NAME, ""),
                labels.containsKey(ApiFields.HEADLESS),
                ApiFields.milliseconds(trigger.text("")),
                object.get("addressType").requiredText(),
                ports,
                endpoints);
    }

    private static Endpoint endpoint(Field endpoint, String address) {
        Field conditions = endpoint.get("conditions");
        Field hints = endpoint.get("hints");
        return new Endpoint(
                address,
                conditions.get("ready").truth(true),
                conditions.get("serving").truth(true),
                conditions.get("terminating").truth(false),
                endpoint.get("nodeName").text(""),
                endpoint.get("zone").text(""),
                endpoint.get("targetRef").get("name").text(""),
                hintNames(hints.get("forZones")),
                hintNames(hints.get("forNodes")));
    }

    private static List<String> hintNames(Field hints) {
        return hints.elements().stream().map(hint -> hint.get("name").text("")).toList();
    }

    private static Node node(String name, Field object) {
        List<String> addresses = new ArrayList<>();
        for (Field address : object.get("status").get("addresses").elements()) {
            if (ApiFields.isNodeAddress(address.get("type").text(""))) {
                addresses.add(address.get("address").text(""));
            }
        }
        Field metadata = object.get("metadata");
        Field spec = object.get("spec");
        List<String> podCidrs = spec.get("podCIDRs").texts();
        String podCidr = spec.get("podCIDR").text("");
        return new Node(
                name,
                addresses,
                podCidrs.isEmpty() && !podCidr.isEmpty() ? List.of(podCidr) : podCidrs,
                metadata.get("labels").textMap().getOrDefault(ApiFields.ZONE, ""),
                spec.get("taints").elements().stream()
                        .map(taint -> taint.get("key").text(""))
                        .toList(),
                metadata.get("deletionTimestamp").isPresent());
    }
}
