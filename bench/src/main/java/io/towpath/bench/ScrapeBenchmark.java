package io.towpath.bench;

import com.sun.management.ThreadMXBean;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.metrics.OperatorPages;
import io.towpath.dataplane.metrics.TrafficMetrics;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A scrape of a node where 10,000 Services and all of their 250,000 backends had packets: the worst that a cluster of the size that Towpath
 * is made for can do to {@code /metrics}. Prints its size, its time and what it allocates.
 */
public final class ScrapeBenchmark {
    private static final int SERVICES = 10_000;
    private static final int BACKENDS_PER_SERVICE = 25;
    private static final int WORKERS = 2;
    private static final int SCRAPES = 30;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private ScrapeBenchmark() {}

    public static void main(String[] arguments) {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            ServiceMaps maps = new ServiceMaps(store, WORKERS, 42, new Quiescence(WORKERS));
            fill(maps);
            OperatorPages pages = new OperatorPages(ProxyConfig.defaults(), List.of(new TrafficMetrics(maps)));
            long[] ns = new long[SCRAPES];
            long[] allocated = new long[SCRAPES];
            int length = 0;
            for (int i = 0; i < SCRAPES; i++) {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                long startNs = System.nanoTime();
                length = pages.answer("/metrics", false).body().length();
                ns[i] = System.nanoTime() - startNs;
                allocated[i] = THREADS.getCurrentThreadAllocatedBytes() - before;
            }
            System.out.printf("first scrape, of a cold JVM: %,d ms%n", ns[0] / 1_000_000);
            Arrays.sort(ns);
            Arrays.sort(allocated);
            System.out.printf(
                    "%,d scrapes of %,d KiB: median %,d ms, slowest %,d ms; %,d KiB allocated each%n",
                    SCRAPES,
                    length >> 10,
                    ns[SCRAPES / 2] / 1_000_000,
                    ns[SCRAPES - 1] / 1_000_000,
                    allocated[SCRAPES / 2] >> 10);
        }
    }

    private static void fill(ServiceMaps maps) {
        ServiceWriter writer = new ServiceWriter(maps, warning -> {
            throw new IllegalStateException(warning);
        });
        List<ServicePort> services = new ArrayList<>();
        for (int service = 0; service < SERVICES; service++) {
            services.add(service(service));
        }
        writer.apply(new DesiredChange(services, List.of(), Optional.empty()));
        count(maps.serviceCounters(), SERVICES);
        count(maps.backendCounters(), SERVICES * BACKENDS_PER_SERVICE);
    }

    private static void count(CounterMap counters, int ids) {
        for (int id = 1; id <= ids; id++) {
            counters.add(id % WORKERS, id, id, 1500L * id);
        }
    }

    private static ServicePort service(int number) {
        List<BackendAddress> backends = new ArrayList<>();
        for (int i = 0; i < BACKENDS_PER_SERVICE; i++) {
            backends.add(new BackendAddress(Address.ofIpv4(0x0A80_0000 + number * BACKENDS_PER_SERVICE + i), 8080));
        }
        return new ServicePort(
                new ServicePortName("namespace-" + number % 100, "service-" + number, "http", Protocol.TCP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.ofIpv4(0x0A60_0000 + number), 80, false, List.of())),
                backends,
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }
}
