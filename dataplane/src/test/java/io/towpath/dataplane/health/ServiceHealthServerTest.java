package io.towpath.dataplane.health;

import static io.towpath.dataplane.http.LocalServer.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.towpath.dataplane.http.Listeners.Listener;
import io.towpath.dataplane.http.LocalServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Health-check node ports by real servers on loopback. */
final class ServiceHealthServerTest {
    private final LocalServer local = new LocalServer();

    @AfterEach
    void close() {
        local.close();
    }

    @Test
    void shouldServeTheHealthOfAServiceAsItChanges() throws Exception {
        AtomicBoolean proxyHealthy = new AtomicBoolean(true);
        int port;
        try (Listener probe = local.server.listen(LOOPBACK, 0, (path, ipv6) -> null)) {
            port = probe.port();
        }
        try (ServiceHealth health = new ServiceHealth(local.server, proxyHealthy::get, System::nanoTime, warning -> {
            throw new AssertionError(warning);
        })) {
            health.sync(List.of(new HealthCheck("ns", "web", port, 2, HealthCheck.NOT_SERVED)), List.of(LOOPBACK));
            HttpResponse<String> healthy = local.get(port, "/");
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
            assertEquals(503, local.get(port, "/x").statusCode());

            health.sync(List.of(), List.of(LOOPBACK));
            assertThrows(IOException.class, () -> local.get(port, "/"));
        }
    }
}
