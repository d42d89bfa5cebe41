package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects mean the same whether they come from a manifest or from an API server, in a list or in an event. */
final class ConversionTest {
    private final ServerSerialization serialization = new ServerSerialization();

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{apiVersion: v1, kind: Service, metadata: {name: a}}",
                "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}",
                """
                apiVersion: v1
                kind: Service
                metadata:
                  name: full
                  namespace: n
                  creationTimestamp: "2026-01-01T00:00:00Z"
                  labels: {service.kubernetes.io/service-proxy-name: ""}
                  annotations: {towpath.io/scheduler: mh}
                spec:
                  type: LoadBalancer
                  clusterIP: 10.96.0.1
                  clusterIPs: [10.96.0.1, "fd00::1"]
                  externalIPs: [192.0.2.7]
                  loadBalancerSourceRanges: [" 10.0.0.0/8"]
                  sessionAffinity: ClientIP
                  sessionAffinityConfig: {clientIP: {timeoutSeconds: 30}}
                  internalTrafficPolicy: Local
                  externalTrafficPolicy: Local
                  healthCheckNodePort: 31000
                  ports:
                  - {name: p, protocol: UDP, port: 53, nodePort: 30053, targetPort: dns}
                status: {loadBalancer: {ingress: [{ip: 198.51.100.1}, {hostname: h, ipMode: Proxy}]}}
                """,
                "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}, addressType: IPv4}",
                """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata:
                  name: e
                  namespace: n
                  labels: {kubernetes.io/service-name: a, service.kubernetes.io/headless: ""}
                  annotations: {endpoints.kubernetes.io/last-change-trigger-time: "2026-01-01T00:00:00.5Z"}
                addressType: IPv6
                ports: [{name: "", port: 8080}, {port: 1}, {name: n}, {name: q, port: 2, protocol: SCTP}]
                endpoints:
                - {addresses: []}
                - {addresses: ["fd00::1", "fd00::2"]}
                - addresses: ["fd00::3"]
                  conditions: {ready: false, serving: true, terminating: true}
                  nodeName: x
                  zone: z
                  targetRef: {kind: Pod, name: pod}
                  hints: {forZones: [{name: z}], forNodes: [{name: x}, {name: y}]}
                """,
                "{apiVersion: v1, kind: Node, metadata: {name: x}}",
                """
                apiVersion: v1
                kind: Node
                metadata: {name: x, labels: {topology.kubernetes.io/zone: z}}
                spec: {podCIDR: 10.1.0.0/24}
                status: {addresses: [{type: Hostname, address: x}, {type: InternalIP, address: 192.0.2.1}]}
                """,
                "{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: k}}",
                "{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: k}, spec: {cidrs: [10.96.0.0/16]}}"
            })
    void shouldMeanTheSameFromManifestAndServer(String manifest) throws Exception {
        ClusterObject read = ManifestReader.read(Files.writeString(folder.resolve("m.yaml"), manifest))
                .getFirst();
        String json = serialization.convertToJson("---\n" + manifest);
        Observed inEvent = serialization.unmarshal(json);
        Observed inList = serialization.unmarshal(json, inEvent.getClass());

        assertEquals(read, inEvent.object());
        assertEquals(read, inList.object());
        assertEquals(read.name(), inList.getMetadata().getName());
    }

    @Test
    void shouldKeepNoLabelsAndAnnotationsOfOthers() {
        Observed.OfService service = serialization.unmarshal("""
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"app": "x"},
                "annotations": {"kubectl": "y", "towpath.io/weights": "z"}}}
                """, Observed.OfService.class);

        ClusterObject.Service converted = assertInstanceOf(ClusterObject.Service.class, service.object());
        assertEquals(Map.of(), converted.labels());
        assertEquals(Map.of("towpath.io/weights", "z"), converted.annotations());
    }

    @Test
    void shouldPassOverWhatANewerServerMayHave() {
        Observed.OfEndpointSlice slice = serialization.unmarshal("""
                {"new": {"a": [{"b": {}}]}, "kind": "EndpointSlice", "addressType": null, "ports": {"not": "a list"},
                "metadata": {"name": "a", "labels": null, "managedFields": [{"fieldsV1": {"f:endpoints": {}}}]},
                "endpoints": [{"new": [[1], {}], "addresses": ["10.0.0.1"], "conditions": null, "targetRef": {"name": {}},
                "hints": {"forPlanets": [{"name": "x"}]}}, null, "?"]}
                """, Observed.OfEndpointSlice.class);

        assertEquals(
                new ClusterObject.EndpointSlice(
                        "default",
                        "a",
                        "",
                        false,
                        0,
                        "",
                        List.of(),
                        List.of(new ClusterObject.Endpoint(
                                "10.0.0.1", true, true, false, "", "", "", List.of(), List.of()))),
                slice.object());
    }
}
