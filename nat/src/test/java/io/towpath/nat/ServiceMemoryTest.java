package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.MapRegion;
import io.towpath.maps.MapSpec;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What Services take of memory: all maps that have room for 100,000 of them with ten backends each, and what one takes of the blocks. */
final class ServiceMemoryTest {
    private static final int WORKERS = 2;
    private static final long LIMIT = 256L << 20;
    private static final int LARGE_SERVICES = 100_000;
    private static final int BACKENDS = 10;
    private static final int SERVICES = 500;

    /** Keeps what the maps were made by. */
    private static final class MeasuringStore implements MapStore {
        private final AnonymousMapStore store = new AnonymousMapStore();
        private final Map<String, MapSpec> specs = new LinkedHashMap<>();

        @Override
        public MapRegion create(MapSpec spec) {
            specs.put(spec.name(), spec);
            return store.create(spec);
        }

        @Override
        public MapRegion leftover(String name) {
            return null;
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

    @Test
    void shouldHaveRoomForManyServicesInLittle() {
        try (MeasuringStore store = new MeasuringStore()) {
            ServiceMaps _ = new ServiceMaps(store, WORKERS, 1, new Quiescence(WORKERS));
            // As the table of connections has it: a block of each worker and one of the control thread.
            CounterMap _ = CounterMap.create(store, "backend-connections", WORKERS + 1, ServiceMaps.BACKENDS);

            long sum = store.specs.values().stream()
                    .mapToLong(spec -> MapRegion.HEADER_BYTES + spec.dataBytes())
                    .sum();
            assertTrue(sum <= LIMIT, sum + " bytes");
            assertTrue(capacity(store, ServiceMaps.NAMES_MAP) > LARGE_SERVICES);
            assertTrue(capacity(store, BackendAddresses.MAP) > LARGE_SERVICES * BACKENDS);
            assertTrue(capacity(store, ServiceMaps.VIPS_MAP) >= 2 * LARGE_SERVICES, "an address and its marker");
            assertTrue(capacity(store, ServiceMaps.BLOCKS_MAP) >= LARGE_SERVICES * 512L);
        }
    }

    @Test
    void shouldTakeHalfAKibibyteForAServiceWithTenBackends() {
        try (MeasuringStore store = new MeasuringStore()) {
            ServiceMaps maps = new ServiceMaps(store, 1, 1, new Quiescence(1));
            List<String> warnings = new ArrayList<>();

            new ServiceWriter(maps, warnings::add).apply(state());

            assertEquals(List.of(), warnings);
            assertEquals(512, (double) used(maps.blocks()) / SERVICES, 1);
            assertEquals(2 * SERVICES, maps.vips().size());
            assertEquals(24, store.specs.get(BackendAddresses.MAP).recordBytes());
            assertEquals(256, store.specs.get(ServiceMaps.NAMES_MAP).recordBytes());
        }
    }

    private static long capacity(MeasuringStore store, String map) {
        return store.specs.get(map).capacity();
    }

    /** Returns the bytes up to the last one that was written. */
    private static long used(MemorySegment blocks) {
        long at = blocks.byteSize() - Long.BYTES;
        while (blocks.get(ValueLayout.JAVA_LONG, at) == 0) {
            at -= Long.BYTES;
        }
        return at;
    }

    private static DesiredState state() {
        List<ServicePort> services = new ArrayList<>();
        for (int i = 0; i < SERVICES; i++) {
            List<BackendAddress> backends = new ArrayList<>();
            for (int backend = 0; backend < BACKENDS; backend++) {
                backends.add(new BackendAddress(Address.ofIpv4(0x0A40_0000 + i * BACKENDS + backend), 8080));
            }
            services.add(new ServicePort(
                    new ServicePortName("ns", "service-" + i, "", Protocol.TCP),
                    false,
                    List.of(new Vip(VipKind.CLUSTER_IP, Address.ofIpv4(0x0A60_0000 + i), 80, false, List.of())),
                    backends,
                    List.of(),
                    Scheduler.RANDOM,
                    Map.of(),
                    0,
                    List.of()));
        }
        return new DesiredState(services, List.of(), List.of(), new LocalDetector.None(), false);
    }
}
