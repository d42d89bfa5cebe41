package io.towpath.dataplane.apiserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** An API server that lists and watches like a real one, and misbehaves where it is told to. */
public final class ScriptedApiServer implements AutoCloseable {
    /** Ends a watch. */
    private static final String CLOSE = "";

    /**
     * A request.
     *
     * @param resource last part of the path
     * @param query decoded
     */
    record Request(String resource, String query, long atNs) {
        boolean isWatch() {
            return query.contains("watch=true");
        }

        long parameter(String name, long defaultValue) {
            for (String part : query.split("&")) {
                if (part.startsWith(name + "=")) {
                    return Long.parseLong(part.substring(name.length() + 1));
                }
            }
            return defaultValue;
        }
    }

    /** What to answer instead of the truth. */
    record Answer(int status, String retryAfter) {}

    private record Event(long version, String text) {}

    private record Watch(String resource, BlockingQueue<String> events) {}

    private final Map<String, TreeMap<String, String>> objects = new HashMap<>();
    private final Map<String, List<Event>> history = new HashMap<>();
    private final Map<String, List<Answer>> answers = new HashMap<>();
    private final Map<String, Answer> watchAnswers = new HashMap<>();
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    final List<Request> requests = new CopyOnWriteArrayList<>();
    private final InetAddress address;
    private final int port;
    private long version = 100;
    private long oldestVersion;
    private volatile String token = "";
    private HttpServer server;
    private ExecutorService threads;

    ScriptedApiServer() throws IOException {
        this(InetAddress.getLoopbackAddress());
    }

    /** @param address of IPv4; it is in the namespace of the calling thread, also at {@link #restart} */
    public ScriptedApiServer(InetAddress address) throws IOException {
        this.address = address;
        start(0);
        port = server.getAddress().getPort();
    }

    private void start(int onPort) throws IOException {
        server = HttpServer.create(new InetSocketAddress(address, onPort), 0);
        threads = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    public String url() {
        return "http://" + address.getHostAddress() + ":" + port;
    }

    /** Comes back after {@link #stop} with the same address and objects. */
    public void restart() throws IOException {
        start(port);
    }

    public void stop() {
        server.stop(0);
        closeWatches();
        threads.shutdownNow(); // a watch may have opened after the others were closed
    }

    @Override
    public void close() {
        stop();
    }

    // --- What there is

    /** Adds or replaces an object; {@code json} has {@code @V@} where the resource version goes. */
    public synchronized void put(String resource, String name, String json) {
        boolean isNew = objects.computeIfAbsent(resource, r -> new TreeMap<>()).put(name, stamped(json)) == null;
        publish(
                resource,
                event(isNew ? "ADDED" : "MODIFIED", objects.get(resource).get(name)));
    }

    public synchronized void delete(String resource, String name) {
        String old = objects.get(resource).remove(name);
        publish(
                resource,
                event(
                        "DELETED",
                        stamped(old.replaceFirst("\"resourceVersion\":\"\\d+\"", "\"resourceVersion\":\"@V@\""))));
    }

    private String stamped(String json) {
        return json.replace("@V@", Long.toString(++version));
    }

    private static String event(String type, String object) {
        return "{\"type\":\"" + type + "\",\"object\":" + object + "}\n";
    }

    private void publish(String resource, String event) {
        history.computeIfAbsent(resource, r -> new ArrayList<>()).add(new Event(version, event));
        raw(resource, event);
    }

    /** Sends bytes to whoever watches. */
    void raw(String resource, String bytes) {
        watches.stream().filter(watch -> watch.resource().equals(resource)).forEach(watch -> watch.events()
                .add(bytes));
    }

    /** Tells watchers how far they are; versions before may be forgotten then. */
    synchronized void bookmark(String resource, String kind, String apiVersion) {
        raw(
                resource,
                event(
                        "BOOKMARK",
                        "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%d\"}}"
                                .formatted(kind, apiVersion, ++version)));
    }

    synchronized long version() {
        return version;
    }

    // --- Misbehaving

    /** Forgets what happened before a version: watches from there are told 410. */
    synchronized void forgetBefore(long oldest) {
        oldestVersion = oldest;
    }

    void closeWatches() {
        watches.forEach(watch -> watch.events().add(CLOSE));
        watches.clear();
    }

    /** Answers the next requests for a resource so, each once. */
    synchronized void answer(String resource, int times, int status, String retryAfter) {
        for (int i = 0; i < times; i++) {
            answers.computeIfAbsent(resource, r -> new ArrayList<>()).add(new Answer(status, retryAfter));
        }
    }

    /** Answers all watches of a resource so. */
    synchronized void answerWatches(String resource, int status) {
        watchAnswers.put(resource, new Answer(status, null));
    }

    synchronized void answerTruthfully(String resource) {
        answers.remove(resource);
    }

    void requireToken(String required) {
        token = required;
    }

    long count(String resource, boolean isWatch) {
        return requests.stream()
                .filter(request -> request.resource().equals(resource) && request.isWatch() == isWatch)
                .count();
    }

    boolean isWatched(String resource) {
        return watches.stream().anyMatch(watch -> watch.resource().equals(resource));
    }

    // --- Answering

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = exchange.getRequestURI().getRawQuery();
        Request request = new Request(
                path.substring(path.lastIndexOf('/') + 1),
                query == null ? "" : URLDecoder.decode(query, StandardCharsets.UTF_8),
                System.nanoTime());
        requests.add(request);
        try (exchange) {
            Answer answer = scripted(request);
            String given = exchange.getRequestHeaders().getFirst("Authorization");
            if (answer != null) {
                if (answer.retryAfter() != null) {
                    exchange.getResponseHeaders().set("Retry-After", answer.retryAfter());
                }
                status(exchange, answer.status());
            } else if (!token.isEmpty() && !("Bearer " + token).equals(given)) {
                status(exchange, 401);
            } else if (request.isWatch()) {
                watch(exchange, request);
            } else {
                text(exchange, 200, list(request));
            }
        }
    }

    private synchronized Answer scripted(Request request) {
        if (request.isWatch() && watchAnswers.containsKey(request.resource())) {
            return watchAnswers.get(request.resource());
        }
        List<Answer> next = answers.getOrDefault(request.resource(), List.of());
        return next.isEmpty() ? null : next.removeFirst();
    }

    private static void status(HttpExchange exchange, int code) throws IOException {
        text(
                exchange,
                code,
                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"scripted\",\"code\":%d}"
                        .formatted(code));
    }

    private static void text(HttpExchange exchange, int code, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private synchronized String list(Request request) {
        List<String> all = List.copyOf(
                objects.getOrDefault(request.resource(), new TreeMap<>()).values());
        int from = (int) request.parameter("continue", 0);
        int to = (int) Math.min(all.size(), from + request.parameter("limit", Integer.MAX_VALUE));
        String more = to < all.size() ? ",\"continue\":\"" + to + "\"" : "";
        return "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\"%s},\"items\":[%s]}"
                .formatted(version, more, String.join(",", all.subList(from, to)));
    }

    private void watch(HttpExchange exchange, Request request) throws IOException {
        Watch watch = new Watch(request.resource(), new LinkedBlockingQueue<>());
        synchronized (this) {
            long since = request.parameter("resourceVersion", 0);
            if (since < oldestVersion) {
                watch.events()
                        .add(event(
                                "ERROR",
                                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":410}"));
                watch.events().add(CLOSE);
            } else {
                history.getOrDefault(request.resource(), List.of()).stream()
                        .filter(event -> event.version() > since)
                        .forEach(event -> watch.events().add(event.text()));
                watches.add(watch);
            }
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            out.flush();
            for (String text = watch.events().take();
                    !text.equals(CLOSE);
                    text = watch.events().take()) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            watches.remove(watch);
        }
    }
}
