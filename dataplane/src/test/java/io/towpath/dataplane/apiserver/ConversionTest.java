package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects mean the same whether they come from a manifest or from an API server. */
final class ConversionTest {
    private final KubernetesSerialization serialization = new KubernetesSerialization();

    @TempDir
    Path folder;

    private static ClusterObject convert(KubernetesResource object) {
        return switch (object) {
            case Service service -> ServiceConversion.convert(service);
            case EndpointSlice slice -> EndpointSliceConversion.convert(slice);
            case Node node -> NodeConversion.convert(node);
            case ServiceCIDR cidr -> ServiceCidrConversion.convert(cidr);
            default -> throw new IllegalArgumentException(object.toString());
        };
    }

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

        assertEquals(
                read, convert(assertInstanceOf(KubernetesResource.class, serialization.unmarshal("---\n" + manifest))));
    }

    @Test
    void shouldKeepNoLabelsAndAnnotationsOfOthers() {
        Service service = serialization.unmarshal("""
                apiVersion: v1
                kind: Service
                metadata: {name: a, labels: {app: x}, annotations: {kubectl: y, towpath.io/weights: z}}
                """, Service.class);

        ClusterObject.Service converted = ServiceConversion.convert(service);
        assertEquals(Map.of(), converted.labels());
        assertEquals(Map.of("towpath.io/weights", "z"), converted.annotations());
    }
}
