package io.towpath.bench;

import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.wire.Address;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The control thread at scale: loads 10,000 Services with 250,000 endpoints into the service maps, then applies changes of one EndpointSlice
 * each. Prints times and heap; run it with {@code -Xmx512m} to see that this much is enough.
 */
public final class ControlScaleBenchmark {
    private static final int SERVICES = 10_000;
    private static final int ENDPOINTS_PER_SERVICE = 25;
    private static final int NODES = 1000;
    private static final int CHANGES = 20_000;
    private static final int WARM_UP = 10_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final DesiredStates states =
            new DesiredStates(ProxyConfig.defaults(), "node-1", List.of(Address.parse("192.0.2.1")));
    private final ServiceWriter writer;
    private final Random random = new Random(20261125);

    private ControlScaleBenchmark(AnonymousMapStore store) {
        writer = new ServiceWriter(new ServiceMaps(store, 1, 42, new Quiescence(1)), warning -> {
            throw new IllegalStateException(warning);
        });
    }

    public static void main(String[] arguments) {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            ControlScaleBenchmark benchmark = new ControlScaleBenchmark(store);
            benchmark.load();
            benchmark.change(WARM_UP);
            System.out.println(benchmark.change(CHANGES));
        }
    }

    private void load() {
        long startNs = System.nanoTime();
        long startCpuNs = THREADS.getCurrentThreadCpuTime();
        for (int service = 0; service < SERVICES; service++) {
            states.upsert(service(service));
            states.upsert(slice(service, -1));
        }
        int applied = apply();
        long cpuMs = (THREADS.getCurrentThreadCpuTime() - startCpuNs) / 1_000_000;
        long ms = (System.nanoTime() - startNs) / 1_000_000;
        long peak = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed())
                .sum();
        System.gc();
        long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        System.out.printf(
                "load: %,d services, %,d endpoints, %,d service ports written in %,d ms (%,d ms of the thread)%n",
                SERVICES, SERVICES * ENDPOINTS_PER_SERVICE, applied, ms, cpuMs);
        System.out.printf(
                "heap: %,d MiB live, %,d MiB at most, of %,d MiB%n",
                used >> 20, peak >> 20, Runtime.getRuntime().maxMemory() >> 20);
    }

    private int apply() {
        DesiredStates.Changes changes = states.changes();
        if (!changes.warnings().isEmpty()) {
            throw new IllegalStateException(changes.warnings().getFirst().text());
        }
        return writer.apply(changes.change());
    }

    /** Applies changes of one endpoint's readiness; returns how long one took. */
    private String change(int times) {
        long[] wallNs = new long[times];
        long[] cpuNs = new long[times];
        for (int i = 0; i < times; i++) {
            EndpointSlice slice = slice(random.nextInt(SERVICES), random.nextInt(ENDPOINTS_PER_SERVICE));
            long startNs = System.nanoTime();
            long startCpuNs = THREADS.getCurrentThreadCpuTime();
            states.upsert(slice);
            apply();
            cpuNs[i] = THREADS.getCurrentThreadCpuTime() - startCpuNs;
            wallNs[i] = System.nanoTime() - startNs;
        }
        return String.format(
                "change of one slice, %,d times:%n  of the thread: %s%n  by the clock:  %s",
                times, summary(cpuNs), summary(wallNs));
    }

    private static String summary(long[] ns) {
        Arrays.sort(ns);
        int count = ns.length;
        return String.format(
                "median %.1f us, p99 %.1f us, p99.9 %.1f us, largest %.1f us",
                ns[count / 2] / 1e3, ns[count / 100 * 99] / 1e3, ns[count / 1000 * 999] / 1e3, ns[count - 1] / 1e3);
    }

    private static Service service(int number) {
        return new Service(
                "namespace-" + number % 100,
                "service-" + number,
                "2026-11-25T00:00:00Z",
                Map.of(),
                Map.of(),
                "NodePort",
                List.of("10.96." + number / 250 + "." + (1 + number % 250)),
                List.of(),
                List.of(),
                List.of(),
                List.of(new Port("http", "TCP", 80, 30_000 + number)),
                "None",
                10_800,
                "Cluster",
                "Cluster",
                0);
    }

    /** @param unready number of the endpoint that is not ready, -1 for none */
    private static EndpointSlice slice(int service, int unready) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < ENDPOINTS_PER_SERVICE; i++) {
            int pod = service * ENDPOINTS_PER_SERVICE + i;
            endpoints.add(new Endpoint(
                    "10." + (128 + pod / 62_500) + "." + pod / 250 % 250 + "." + (1 + pod % 250),
                    i != unready,
                    i != unready,
                    false,
                    "node-" + pod % NODES,
                    "zone-" + pod % 3,
                    "service-" + service + "-7d9c6b5f4d-" + Integer.toString(pod + 60_466_176, 36),
                    List.of(),
                    List.of()));
        }
        return new EndpointSlice(
                "namespace-" + service % 100,
                "service-" + service + "-abcde",
                "service-" + service,
                false,
                0,
                "IPv4",
                List.of(new EndpointPort("http", "TCP", 8080)),
                endpoints);
    }
}
