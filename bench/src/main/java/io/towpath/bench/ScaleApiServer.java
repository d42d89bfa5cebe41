package io.towpath.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * As much of an API server as {@link ApiServerScaleBenchmark} needs, in a process of its own: lists 10,000 Services and their EndpointSlices in
 * pages, with the fields that a real one writes, and changes one slice after the other when asked to.
 */
final class ScaleApiServer {
    static final int SERVICES = 10_000;
    static final int ENDPOINTS_PER_SERVICE = 25;
    private static final int NODES = 1000;

    /** All Services and slices as texts, made before the clock runs: what is timed is the client. */
    private final List<byte[]> services = rendered(ScaleApiServer::service);

    private final List<byte[]> slices = rendered(number -> slice(number, 1, -1));
    private final List<OutputStream> sliceWatches = new CopyOnWriteArrayList<>();
    private final Random random = new Random(20261125);
    private int version = 1000;

    public static void main(String[] arguments) throws IOException {
        new ScaleApiServer().start();
    }

    private void start() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
        System.out.println(server.getAddress().getPort());
        System.out.flush();
        System.in.read(); // until the benchmark ends
        System.exit(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        URI uri = exchange.getRequestURI();
        String resource = uri.getPath().substring(uri.getPath().lastIndexOf('/') + 1);
        try (exchange) {
            if (resource.equals("change")) {
                change(parameter(uri, "count", 0), parameter(uri, "perSecond", 1));
                send(exchange, new byte[0]);
            } else if (uri.getQuery() != null && uri.getQuery().contains("watch=true")) {
                watch(exchange, resource);
            } else {
                send(exchange, list(resource, parameter(uri, "continue", 0), parameter(uri, "limit", SERVICES)));
            }
        }
    }

    private static int parameter(URI uri, String name, int defaultValue) {
        String query = uri.getQuery() == null ? "" : uri.getQuery();
        for (String part : query.split("&")) {
            if (part.startsWith(name + "=")) {
                return Integer.parseInt(part.substring(name.length() + 1));
            }
        }
        return defaultValue;
    }

    private static List<byte[]> rendered(IntFunction<String> item) {
        return IntStream.range(0, SERVICES)
                .mapToObj(number -> item.apply(number).getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    private static void send(HttpExchange exchange, byte[] bytes) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private byte[] list(String resource, int from, int limit) {
        List<byte[]> items =
                switch (resource) {
                    case "services" -> services;
                    case "endpointslices" -> slices;
                    default -> List.of();
                };
        int to = Math.min(items.size(), from + limit);
        String more = to < items.size() ? ",\"continue\":\"" + to + "\"" : "";
        ByteArrayOutputStream page = new ByteArrayOutputStream();
        page.writeBytes(
                "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1000\"%s},\"items\":["
                        .formatted(more)
                        .getBytes(StandardCharsets.UTF_8));
        for (int i = from; i < to; i++) {
            page.writeBytes(items.get(i));
            page.write(i + 1 < to ? ',' : ']');
        }
        page.writeBytes((to > from ? "}" : "]}").getBytes(StandardCharsets.UTF_8));
        return page.toByteArray();
    }

    private void watch(HttpExchange exchange, String resource) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        out.flush();
        if (resource.equals("endpointslices")) {
            sliceWatches.add(out);
        }
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void change(int count, int perSecond) throws IOException {
        long startNs = System.nanoTime();
        for (int i = 0; i < count; i++) {
            version++;
            String object = slice(random.nextInt(SERVICES), version, random.nextInt(ENDPOINTS_PER_SERVICE));
            byte[] event = ("{\"type\":\"MODIFIED\",\"object\":" + object + "}\n").getBytes(StandardCharsets.UTF_8);
            for (OutputStream out : sliceWatches) {
                out.write(event);
                out.flush();
            }
            LockSupport.parkNanos(startNs + (i + 1) * 1_000_000_000L / perSecond - System.nanoTime());
        }
    }

    private static String metadata(String name, int number, int version, String labels) {
        return """
                {"name":"%s","namespace":"namespace-%d","uid":"5f0c3d1e-0000-4000-8000-%012d","resourceVersion":"%d","generation":3,\
                "creationTimestamp":"2026-11-25T00:00:00Z","labels":{%s},\
                "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-11-25T00:00:00Z"},\
                "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1",\
                "time":"2026-11-25T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},\
                "f:kubernetes.io/service-name":{}}},"f:spec":{"f:ports":{}}}}]}""".formatted(name, number % 100, number, version, labels);
    }

    private static String service(int number) {
        String clusterIp = "10.96." + number / 250 + "." + (1 + number % 250);
        return """
                {"kind":"Service","apiVersion":"v1","metadata":%s,"spec":{"ports":[{"name":"http","protocol":"TCP","port":80,\
                "targetPort":8080,"nodePort":%d}],"selector":{"app":"service-%d"},"clusterIP":"%s","clusterIPs":["%s"],"type":"NodePort",\
                "sessionAffinity":"None","externalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",\
                "internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{}}}""".formatted(
                        metadata("service-" + number, number, 1, "\"app\":\"service-" + number + "\""),
                        30_000 + number,
                        number,
                        clusterIp,
                        clusterIp);
    }

    /** @param unready number of the endpoint that is not ready, -1 for none */
    private static String slice(int number, int version, int unready) {
        String labels =
                "\"endpointslice.kubernetes.io/managed-by\":\"endpointslice-controller.k8s.io\",\"kubernetes.io/service-name\":\"service-"
                        + number + "\"";
        String endpoints = IntStream.range(0, ENDPOINTS_PER_SERVICE)
                .mapToObj(i -> endpoint(number, number * ENDPOINTS_PER_SERVICE + i, i != unready))
                .collect(Collectors.joining(","));
        return """
                {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":%s,"addressType":"IPv4",\
                "endpoints":[%s],"ports":[{"name":"http","protocol":"TCP","port":8080}]}""".formatted(metadata("service-" + number + "-abcde", number, version, labels), endpoints);
    }

    private static String endpoint(int service, int pod, boolean ready) {
        return """
                {"addresses":["10.%d.%d.%d"],"conditions":{"ready":%b,"serving":%b,"terminating":false},\
                "targetRef":{"kind":"Pod","namespace":"namespace-%d","name":"service-%d-7d9c6b5f4d-%s",\
                "uid":"5f0c3d1e-0000-4000-9000-%012d"},"nodeName":"node-%d","zone":"zone-%d"}""".formatted(
                        128 + pod / 62_500,
                        pod / 250 % 250,
                        1 + pod % 250,
                        ready,
                        ready,
                        service % 100,
                        service,
                        Integer.toString(pod + 60_466_176, 36),
                        pod,
                        pod % NODES,
                        pod % 3);
    }
}
