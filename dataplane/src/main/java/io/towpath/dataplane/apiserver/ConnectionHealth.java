package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.net.HttpURLConnection;
import java.nio.ByteBuffer;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;

/** Listens to every answer of the API server and knows what of it cannot be read just now. Any thread. */
final class ConnectionHealth implements Interceptor {
    /** Key of failures that are not about one resource. */
    private static final String SERVER = "";

    private static final int TOO_MANY_REQUESTS = 429;

    private final Map<String, String> failures = new TreeMap<>();
    private long connectedSinceMs;
    private volatile long lastEventMs;
    private volatile int version;
    private volatile boolean everFailed;

    @Override
    public void after(HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
        if (!isReading(request)) {
            return;
        }
        String resource = resource(request);
        if (response.isSuccessful()) {
            works(resource);
        } else if (!isExpected(response.code())) {
            failed(resource, said(response.code(), response.message()));
        }
    }

    /** Events that are written say nothing about what can be read. */
    private static boolean isReading(HttpRequest request) {
        return request.method().equals("GET");
    }

    /** Resource versions expire, and not every server has every resource: whoever asked deals with that. */
    private static boolean isExpected(int code) {
        return code == HttpURLConnection.HTTP_GONE || code == HttpURLConnection.HTTP_NOT_FOUND;
    }

    private static String resource(HttpRequest request) {
        String path = request.uri().getPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static String said(int code, String message) {
        return code + " "
                + switch (code) {
                    case HttpURLConnection.HTTP_UNAUTHORIZED ->
                        "Unauthorized: the token or client certificate is not accepted";
                    case HttpURLConnection.HTTP_FORBIDDEN ->
                        "Forbidden: the permission to list and watch them is missing (docs/api-server.md lists what is needed)";
                    case TOO_MANY_REQUESTS -> "Too Many Requests";
                    default -> Objects.requireNonNullElse(message, "");
                };
    }

    @Override
    public void afterConnectionFailure(HttpRequest request, Throwable failure) {
        if (!isReading(request) || Causes.find(failure, CancellationException.class) != null) {
            return; // the latter is our own doing
        }
        boolean isTrust = Causes.find(failure, CertificateException.class) != null
                || Causes.find(failure, CertPathBuilderException.class) != null
                || Causes.find(failure, CertPathValidatorException.class) != null;
        String text = Causes.deepest(failure);
        if (isTrust) {
            failed(SERVER, "its certificate is not trusted, the certificate authority may be another's: " + text);
        } else if (Causes.find(failure, SSLException.class) != null) {
            failed(SERVER, "no TLS connection: " + text);
        } else {
            failed(SERVER, "cannot be reached: " + text);
        }
    }

    synchronized void failed(String resource, String text) {
        everFailed = true;
        connectedSinceMs = 0;
        if (!text.equals(failures.put(resource, text))) {
            version++;
        }
    }

    private synchronized void works(String resource) {
        boolean changed = failures.remove(resource) != null;
        changed |= failures.remove(SERVER) != null;
        if (failures.isEmpty() && connectedSinceMs == 0) {
            connectedSinceMs = System.currentTimeMillis();
            changed = true;
        }
        if (changed) {
            version++;
        }
    }

    void heard() {
        lastEventMs = System.currentTimeMillis();
    }

    /** Returns a number that changes with what the other methods say. */
    int version() {
        return version;
    }

    /** Returns whether anything went wrong since the start. */
    boolean hasEverFailed() {
        return everFailed;
    }

    /** Returns when everything was readable again, 0 while something is not. */
    synchronized long connectedSinceMs() {
        return connectedSinceMs;
    }

    long lastEventMs() {
        return lastEventMs;
    }

    /** Returns what cannot be read and why, in one line; empty where everything can. */
    synchronized String summary() {
        Map<String, List<String>> resources = new LinkedHashMap<>();
        failures.forEach((resource, text) ->
                resources.computeIfAbsent(text, t -> new ArrayList<>()).add(resource));
        return resources.entrySet().stream()
                .map(failure -> failure.getValue().contains(SERVER)
                        ? failure.getKey()
                        : String.join(", ", failure.getValue()) + ": " + failure.getKey())
                .collect(Collectors.joining("; "));
    }
}
