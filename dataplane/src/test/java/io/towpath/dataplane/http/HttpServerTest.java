package io.towpath.dataplane.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.http.Listeners.Listener;
import io.towpath.wire.Address;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Real servers on loopback, asked by the JDK's client. */
final class HttpServerTest {
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
    void shouldAnswerWithStatusHeadersAndBody() throws Exception {
        HttpAnswer answer = HttpAnswer.of(false, Map.of("X-More", "1"), Map.of("path", "a \"b\""));
        try (Listener listener = server.listen(LOOPBACK, 0, (path, ipv6) -> answer)) {
            HttpResponse<String> response = get("127.0.0.1", listener.port(), "/any?x=1");

            assertEquals(503, response.statusCode());
            assertEquals("1", response.headers().firstValue("X-More").orElseThrow());
            assertEquals(
                    "application/json",
                    response.headers().firstValue("Content-Type").orElseThrow());
            assertEquals(
                    "nosniff",
                    response.headers().firstValue("X-Content-Type-Options").orElseThrow());
            assertEquals("{\"path\":\"a \\\"b\\\"\"}", response.body());
        }
    }

    @Test
    void shouldServePathsWithoutTheirQueries() throws Exception {
        try (Listener listener = server.listen(LOOPBACK, 0, (path, ipv6) -> text(path))) {
            assertEquals(
                    "/healthz",
                    get("127.0.0.1", listener.port(), "/healthz?verbose").body());
            assertEquals("/livez", get("127.0.0.1", listener.port(), "/livez").body());
        }
    }

    private static HttpAnswer text(String body) {
        return new HttpAnswer(200, Map.of(), body);
    }

    @Test
    void shouldTellTheFamilyOfTheAddressAskedOnADualStackWildcard() throws Exception {
        try (Listener listener = server.listen(Listeners.ANY, 0, (path, ipv6) -> text(ipv6 ? "IPv6" : "IPv4"))) {
            assertEquals("IPv4", get("127.0.0.1", listener.port(), "/").body());
            assertEquals("IPv6", get("[::1]", listener.port(), "/").body());
        }
    }

    @Test
    void shouldCloseTheConnectionWhereThereIsNoAnswer() throws Exception {
        try (Listener listener = server.listen(LOOPBACK, 0, (path, ipv6) -> null)) {
            assertThrows(IOException.class, () -> get("127.0.0.1", listener.port(), "/"));
        }
    }

    @Test
    void shouldSayThatAPortIsTakenAndServeItOnceItIsFree() throws Exception {
        int port;
        try (Listener first = server.listen(LOOPBACK, 0, (path, ipv6) -> text("first"))) {
            port = first.port();
            IOException taken =
                    assertThrows(IOException.class, () -> server.listen(LOOPBACK, first.port(), (path, ipv6) -> null));
            assertTrue(taken.getMessage().contains("in use"), taken.getMessage());
        }
        assertThrows(ConnectException.class, () -> get("127.0.0.1", port, "/"));
        try (Listener second = server.listen(LOOPBACK, port, (path, ipv6) -> text("second"))) {
            assertEquals("second", get("127.0.0.1", second.port(), "/").body());
        }
    }
}
