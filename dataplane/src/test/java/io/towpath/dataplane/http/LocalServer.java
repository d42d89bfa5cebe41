package io.towpath.dataplane.http;

import io.towpath.wire.Address;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Real servers of this machine, asked by the JDK's client. */
public final class LocalServer implements AutoCloseable {
    public static final Address LOOPBACK = Address.parse("127.0.0.1");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    public final HttpServer server = new HttpServer("test", line -> {});
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(LIMIT).build();

    public HttpResponse<String> get(int port, String path) throws Exception {
        return get("127.0.0.1", port, path);
    }

    HttpResponse<String> get(String host, int port, String path) throws Exception {
        URI uri = URI.create("http://" + host + ":" + port + path);
        return client.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString());
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
