package io.towpath.bench;

import io.towpath.dataplane.apiserver.ApiServerAccess;
import io.towpath.dataplane.apiserver.ApiServerException;
import io.towpath.dataplane.apiserver.ApiServerSource;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.wire.Address;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * The API server as a source at scale: the first sync of 10,000 Services with 250,000 endpoints until the service maps are filled, then changes
 * of one EndpointSlice each, from the event's receipt to the maps in force. The server is another process ({@link ScaleApiServer}), so that
 * what is printed of memory is the data plane's.
 */
public final class ApiServerScaleBenchmark {
    private static final int WARM_UP = 4000;
    private static final int CHANGES = 4000;
    private static final int PER_SECOND = 400;
    /** As long as the control thread rests unless it is woken. */
    private static final long REST_NS = 100_000_000;

    private final DesiredStates states =
            new DesiredStates(ProxyConfig.defaults(), "node-1", List.of(Address.parse("192.0.2.1")));
    private final ApiServerSource source;
    private final ServiceWriter writer;

    private ApiServerScaleBenchmark(ApiServerSource source, AnonymousMapStore store) {
        this.source = source;
        Thread control = Thread.currentThread();
        source.onNews(() -> LockSupport.unpark(control));
        writer = new ServiceWriter(new ServiceMaps(store, 1, 42, new Quiescence(1)), warning -> {
            throw new IllegalStateException(warning);
        });
    }

    public static void main(String[] arguments) throws IOException, ApiServerException {
        Path folder = Files.createTempDirectory("towpath-bench");
        try (ScaleServer server = ScaleServer.start(List.of());
                AnonymousMapStore store = new AnonymousMapStore()) {
            run(server, folder, store);
        } finally {
            Files.deleteIfExists(folder.resolve("cluster.json"));
            Files.deleteIfExists(folder.resolve("kubeconfig"));
            Files.delete(folder);
        }
    }

    private static void run(ScaleServer server, Path folder, AnonymousMapStore store)
            throws IOException, ApiServerException {
        Path kubeconfig = server.kubeconfig(folder.resolve("kubeconfig"));
        long startNs = System.nanoTime();
        try (ApiServerSource source = new ApiServerSource(
                ApiServerAccess.kubeconfig(kubeconfig),
                new ApiServerSource.Settings("node-1", false, folder.resolve("cluster.json")),
                ApiServerScaleBenchmark::say)) {
            ApiServerScaleBenchmark benchmark = new ApiServerScaleBenchmark(source, store);
            benchmark.firstSync(startNs);
            benchmark.change(server.url(), WARM_UP);
            System.out.println(benchmark.change(server.url(), CHANGES));
            System.out.println("resident: " + resident());
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }

    private void firstSync(long startNs) {
        while (!step()) {
            LockSupport.parkNanos(REST_NS);
        }
        System.out.printf(
                "first sync: %,d services, %,d endpoints in force after %,d ms, %,d ms of CPU; resident: %s%n",
                ScaleApiServer.SERVICES,
                ScaleApiServer.SERVICES * ScaleApiServer.ENDPOINTS_PER_SERVICE,
                (System.nanoTime() - startNs) / 1_000_000,
                ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis(),
                resident());
    }

    /** Does what the control thread does in a cycle. */
    private boolean step() {
        boolean told = source.poll(states);
        if (told) {
            writer.apply(states.changes().change());
        }
        writer.finish(System.nanoTime());
        return told;
    }

    private String change(String url, int times) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(url + "/change?count=" + times + "&perSecond=" + PER_SECOND))
                .build();
        long[] tookNs = new long[times];
        int count = 0;
        try (HttpClient client = HttpClient.newHttpClient()) {
            CompletableFuture<HttpResponse<Void>> sent =
                    client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
            while (count < times
                    && !(sent.isDone() && source.status().lastEventMs() + 2000 < System.currentTimeMillis())) {
                if (step()) {
                    tookNs[count++] = System.nanoTime() - source.oldestReceivedNs();
                } else {
                    LockSupport.parkNanos(REST_NS);
                }
            }
        }
        long[] sorted = Arrays.copyOf(tookNs, count);
        Arrays.sort(sorted);
        return String.format(
                "%,d changes at %,d/s, applied in %,d steps; from receipt to maps in force: median %.2f ms, p99 %.2f ms, largest %.2f ms",
                times, PER_SECOND, count, at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1));
    }

    private static double at(long[] sortedNs, double share) {
        return sortedNs[(int) Math.min(sortedNs.length - 1, (long) (sortedNs.length * share))] / 1e6;
    }

    private static String resident() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS") || line.startsWith("VmHWM"))
                    .map(line -> line.replaceAll("\\s+", " "))
                    .reduce("", (all, line) -> all + line + " ")
                    .strip();
        } catch (IOException e) {
            return "unknown: " + e.getMessage();
        }
    }
}
