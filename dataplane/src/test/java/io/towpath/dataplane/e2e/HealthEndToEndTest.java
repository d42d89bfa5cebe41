package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A running engine answers load balancers and probes on the host. */
@EndToEnd
final class HealthEndToEndTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static HttpResponse<String> get(HttpClient client, int port, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return client.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString());
    }

    @Test
    void shouldServeHealthzAndHealthCheckNodePortsOfManifests() throws Exception {
        int healthz = RealPrograms.unusedPort();
        int nodePort = RealPrograms.unusedPort();
        String node = "health-node";
        try (NetworkRig rig = NetworkRig.open();
                HttpClient client = HttpClient.newHttpClient()) {
            Path proxyConfig = Files.writeString(rig.folder().resolve("kube-proxy.yaml"), """
                    apiVersion: kubeproxy.config.k8s.io/v1alpha1
                    kind: KubeProxyConfiguration
                    hostnameOverride: %s
                    healthzBindAddress: 127.0.0.1:%d
                    """.formatted(node, healthz));
            rig.putManifest("health.yaml", manifests(nodePort, node));
            try (EngineProcess engine = start(rig, proxyConfig)) {
                engine.awaitReady(NetworkRig.READY_LIMIT);

                RealPrograms.await("/healthz", LIMIT, () -> isListening(healthz));
                assertEquals(200, get(client, healthz, "/healthz").statusCode());
                assertEquals(200, get(client, healthz, "/livez").statusCode());
                assertEquals(200, get(client, nodePort, "/").statusCode());

                rig.putManifest("health.yaml", manifests(nodePort, "elsewhere"));
                RealPrograms.await(
                        "no local endpoint",
                        LIMIT,
                        () -> get(client, nodePort, "/").statusCode() == 503);
                assertTrue(get(client, nodePort, "/").body().contains("\"localEndpoints\":0"));
            }
        }
    }

    private static EngineProcess start(NetworkRig rig, Path proxyConfig) throws IOException {
        String config = DemoConfig.write(rig.network()).toString();
        return EngineProcess.start(
                EngineProcess.command(
                        "run",
                        "--config",
                        config,
                        "--manifests",
                        rig.manifests().toString(),
                        "--proxy-config",
                        proxyConfig.toString()),
                rig.folder().resolve("engine.log"));
    }

    private static boolean isListening(int port) {
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static String manifests(int healthCheckNodePort, String nodeName) {
        return """
                kind: Service
                metadata: {name: health, namespace: e2e}
                spec:
                  type: LoadBalancer
                  clusterIP: 10.96.0.200
                  externalTrafficPolicy: Local
                  healthCheckNodePort: %d
                  ports: [{name: web, port: 80}]
                ---
                kind: EndpointSlice
                metadata: {name: health-1, namespace: e2e, labels: {kubernetes.io/service-name: health}}
                addressType: IPv4
                ports: [{name: web, port: 8080}]
                endpoints: [{addresses: [10.77.1.2], nodeName: %s}]
                """.formatted(healthCheckNodePort, nodeName);
    }
}
