package io.towpath.dataplane.http;

import static io.towpath.dataplane.http.LocalServer.LOOPBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.http.Listeners.Listener;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Real servers on loopback, asked by the JDK's client. */
final class HttpServerTest {
    private final LocalServer local = new LocalServer();

    @AfterEach
    void close() {
        local.close();
    }

    @Test
    void shouldAnswerWithStatusHeadersAndBody() throws Exception {
        HttpAnswer answer = HttpAnswer.of(false, Map.of("X-More", "1"), Map.of("path", "a \"b\""));
        try (Listener listener = local.server.listen(LOOPBACK, 0, (path, ipv6) -> answer)) {
            HttpResponse<String> response = local.get(listener.port(), "/any?x=1");

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
        try (Listener listener = local.server.listen(LOOPBACK, 0, (path, ipv6) -> text(path))) {
            assertEquals(
                    "/healthz", local.get(listener.port(), "/healthz?verbose").body());
            assertEquals("/livez", local.get(listener.port(), "/livez").body());
        }
    }

    private static HttpAnswer text(String body) {
        return new HttpAnswer(200, Map.of(), body);
    }

    @Test
    void shouldTellTheFamilyOfTheAddressAskedOnADualStackWildcard() throws Exception {
        try (Listener listener = local.server.listen(Listeners.ANY, 0, (path, ipv6) -> text(ipv6 ? "IPv6" : "IPv4"))) {
            assertEquals("IPv4", local.get(listener.port(), "/").body());
            assertEquals("IPv6", local.get("[::1]", listener.port(), "/").body());
        }
    }

    @Test
    void shouldCloseTheConnectionWhereThereIsNoAnswer() throws Exception {
        try (Listener listener = local.server.listen(LOOPBACK, 0, (path, ipv6) -> null)) {
            assertThrows(IOException.class, () -> local.get(listener.port(), "/"));
        }
    }

    @Test
    void shouldSayThatAPortIsTakenAndServeItOnceItIsFree() throws Exception {
        int port;
        try (Listener first = local.server.listen(LOOPBACK, 0, (path, ipv6) -> text("first"))) {
            port = first.port();
            IOException taken = assertThrows(
                    IOException.class, () -> local.server.listen(LOOPBACK, first.port(), (path, ipv6) -> null));
            assertTrue(taken.getMessage().contains("in use"), taken.getMessage());
        }
        assertThrows(ConnectException.class, () -> local.get(port, "/"));
        try (Listener second = local.server.listen(LOOPBACK, port, (path, ipv6) -> text("second"))) {
            assertEquals("second", local.get(second.port(), "/").body());
        }
    }
}
