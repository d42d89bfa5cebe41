package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.towpath.dataplane.http.HttpServer;
import io.towpath.dataplane.http.Listeners.Listener;
import io.towpath.wire.Address;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Health-check node ports by real servers on loopback. */
final class ServiceHealthServerTest {
    private static final Address LOOPBACK = Address.parse("127.0.0.1");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final HttpServer server = new HttpServer("test", line -> {});
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(LIMIT).build();

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private HttpResponse<String> get(String host, int port, String path) throws Exception {
        URI uri = URI.create("http://" + host + ":" + port + path);
        return client.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString());
    }

    @Test
    void shouldServeTheHealthOfAServiceAsItChanges() throws Exception {
        AtomicBoolean proxyHealthy = new AtomicBoolean(true);
        int port;
        try (Listener probe = server.listen(LOOPBACK, 0, (path, ipv6) -> null)) {
            port = probe.port();
        }
        try (ServiceHealth health = new ServiceHealth(server, proxyHealthy::get, warning -> {
            throw new AssertionError(warning);
        })) {
            health.sync(List.of(new HealthCheck("ns", "web", port, 2, HealthCheck.NOT_SERVED)), List.of(LOOPBACK));
            HttpResponse<String> healthy = get("127.0.0.1", port, "/");
            assertEquals(200, healthy.statusCode());
            assertEquals(
                    "{\"service\":{\"namespace\":\"ns\",\"name\":\"web\"},\"localEndpoints\":2,\"serviceProxyHealthy\":true}",
                    healthy.body());
            assertEquals(
                    "2",
                    healthy.headers()
                            .firstValue("X-Load-Balancing-Endpoint-Weight")
                            .orElseThrow());

            proxyHealthy.set(false);
            assertEquals(503, get("127.0.0.1", port, "/x").statusCode());

            health.sync(List.of(), List.of(LOOPBACK));
            assertThrows(IOException.class, () -> get("127.0.0.1", port, "/"));
        }
    }
}
