package io.towpath.bench.core;

import io.towpath.bench.Machine;
import io.towpath.bench.Rig;
import io.towpath.dataplane.demo.Table;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.MapRegion;
import io.towpath.maps.MapSpec;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServiceWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a cluster as large as Towpath is made for takes of memory: the maps of Services, and those of counts by Service and backend. */
final class ServicesMemory {
    private static final int SERVICES = 100_000;
    private static final int BACKENDS = 10;
    /** Their connections are not what is asked for. */
    private static final int CONNECTIONS = 1024;

    private static final long MAPS_LIMIT = 256L << 20;

    private ServicesMemory() {}

    /** Notes what each map takes. */
    private static final class MeasuringStore implements MapStore {
        private final AnonymousMapStore store = new AnonymousMapStore();
        private final Map<String, Long> bytes = new LinkedHashMap<>();

        @Override
        public MapRegion create(MapSpec spec) {
            bytes.put(spec.name(), MapRegion.HEADER_BYTES + spec.dataBytes());
            return store.create(spec);
        }

        @Override
        public MapRegion leftover(String name) {
            return store.leftover(name);
        }

        @Override
        public void refuse(String name, String why) {
            store.refuse(name, why);
        }

        @Override
        public void close() {
            store.close();
        }
    }

    /** Prints, and returns whether everything found its place in little enough memory. */
    static boolean run(int workers) throws IOException {
        List<ServicePort> services = new ArrayList<>();
        for (int i = 0; i < SERVICES; i++) {
            services.add(Rig.service(i, Protocol.TCP, BACKENDS, Rig.BACKEND_PORT, Scheduler.RANDOM));
        }
        List<String> warnings = new ArrayList<>();
        try (MeasuringStore store = new MeasuringStore()) {
            long before = Machine.residentBytes();
            Quiescence quiescence = new Quiescence(workers);
            ServiceMaps maps = new ServiceMaps(store, workers, 1, quiescence);
            Rig.conntrack(store, CONNECTIONS, workers, quiescence);
            store.bytes.keySet().removeIf(name -> name.startsWith("conntrack-"));
            ServiceWriter writer = new ServiceWriter(maps, warnings::add);
            int written = writer.apply(Rig.state(services));
            long grown = Machine.residentBytes() - before;
            Table table = new Table("map", ">MiB");
            store.bytes.forEach((name, bytes) -> table.row(name, mebibytes(bytes)));
            long sum = store.bytes.values().stream().mapToLong(Long::longValue).sum();
            table.row("all", mebibytes(sum));
            System.out.printf(
                    Locale.ROOT,
                    "%,d Services with %d backends each, %d workers: %,d written%n",
                    SERVICES,
                    BACKENDS,
                    workers,
                    written);
            table.lines().forEach(System.out::println);
            System.out.printf(
                    Locale.ROOT, "  resident grew by %s MiB, the control thread's heap included%n", mebibytes(grown));
            warnings.stream().limit(3).forEach(System.out::println);
            return warnings.isEmpty() && written == SERVICES && sum <= MAPS_LIMIT;
        }
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / 1048576.0);
    }
}
