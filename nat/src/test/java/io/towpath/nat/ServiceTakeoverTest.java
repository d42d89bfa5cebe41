package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.EntryReview;
import io.towpath.maps.CounterMap;
import io.towpath.maps.PinnedMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.wire.Address;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of services and backends, and their counters, from one process to the next. */
final class ServiceTakeoverTest {
    @TempDir
    Path folder;

    private final List<String> log = new ArrayList<>();
    private PinnedMapStore store;
    private ServiceMaps maps;
    private ServiceWriter writer;

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    /** Begins the next process. */
    private void start(int workers) {
        if (store != null) {
            store.keep(); // unmaps and writes to no map, as the end of a process does
        }
        store = PinnedMapStore.open(folder.resolve("instance"), log::add);
        maps = new ServiceMaps(store, workers, new Random().nextLong(), new Quiescence(workers));
        writer = new ServiceWriter(maps, log::add);
    }

    private void apply(List<ServicePort> ports) {
        List<ServicePort> shuffled = new ArrayList<>(ports);
        Collections.shuffle(shuffled, new Random());
        assertTrue(
                writer.apply(new DesiredState(shuffled, List.of(), List.of(), new LocalDetector.None(), false)) >= 0);
    }

    private static ServicePort port(int number, boolean ipv6, int... backends) {
        List<BackendAddress> all = Arrays.stream(backends)
                .mapToObj(backend -> new BackendAddress(Address.ofIpv4(0x0A01_0000 + backend), 8080))
                .toList();
        return new ServicePort(
                new ServicePortName("ns", "name" + number, number % 2 == 0 ? "" : "p", Protocol.UDP),
                ipv6,
                List.of(new Vip(VipKind.CLUSTER_IP, vip(number, ipv6), 80, false, List.of())),
                all,
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                all);
    }

    private static Address vip(int number, boolean ipv6) {
        return ipv6 ? Address.parse("fd96::" + number) : Address.ofIpv4(0x0A60_0000 + number);
    }

    /** What each number means: service ports and backends by id, in words. */
    private Map<String, Integer> ids() {
        Map<String, Integer> ids = new HashMap<>();
        writer.forEachUdp((serviceId, port, backendIds) -> {
            ids.put(port.key().toString(), serviceId);
            port.servingBackends().forEach(b -> ids.put(port.key() + " " + b, backendIds.applyAsInt(b)));
        });
        return ids;
    }

    @Test
    void shouldGiveTheSameNumbersToTheSameServicesAndBackends() {
        start(1);
        ServicePort first = port(1, false, 1, 2, 3);
        ServicePort firstV6 = port(1, true, 1, 2);
        ServicePort second = port(2, false, 2, 3);
        apply(List.of(first, firstV6, second));
        Map<String, Integer> before = ids();
        assertEquals(3 + 7, before.size());
        maps.serviceCounters().add(0, before.get(second.key().toString()), 5, 500);

        start(3);
        ServicePort grown = port(1, false, 1, 3, 4);
        ServicePort third = port(3, false, 1);
        apply(List.of(grown, second, third));
        Map<String, Integer> after = ids();

        for (Map.Entry<String, Integer> known : before.entrySet()) {
            boolean isGone = known.getKey().startsWith(firstV6.key().toString())
                    || known.getKey().equals(first.key() + " 10.1.0.2:8080");
            assertEquals(isGone ? null : known.getValue(), after.get(known.getKey()), known.getKey());
            assertFalse(isGone && isTaken(after, known), known.getKey());
        }
        assertEquals(5, maps.serviceCounters().packets(after.get(second.key().toString())));
        start(1);
        apply(List.of(first, firstV6));
        before.forEach((name, id) -> assertEquals(name.contains("name2") ? null : id, ids().get(name), name));
        assertEquals(List.of(), log);
    }

    /** Whether another service port, or backend, has the number of one that may come back. */
    private static boolean isTaken(Map<String, Integer> after, Map.Entry<String, Integer> gone) {
        boolean isBackend = gone.getKey().contains(":8080");
        return after.entrySet().stream()
                .filter(entry -> entry.getKey().contains(":8080") == isBackend)
                .anyMatch(entry -> entry.getValue().equals(gone.getValue()));
    }

    @Test
    void shouldNotRememberWhatWasRemoved() {
        start(1);
        apply(List.of(port(1, false, 1, 2)));
        int id = ids().get(port(1, false).key().toString());
        apply(List.of());
        EntryReview review = maps.review();
        assertFalse(review.isService(id));
        assertFalse(review.isBackend(1, id));

        start(1);
        apply(List.of(port(2, false, 1)));
        assertEquals(id, ids().get(port(2, false).key().toString()), "nothing is taken");
    }

    @Test
    void shouldNotCountWhatWasRemovedForTheOneThatHasItsNumberNext() {
        start(2);
        ServicePort kept = port(1, false, 1);
        apply(List.of(kept));
        apply(List.of(kept, port(2, false, 1))); // has the higher numbers
        Map<String, Integer> before = ids();
        before.forEach((name, id) -> {
            CounterMap counters = name.contains(":8080") ? maps.backendCounters() : maps.serviceCounters();
            counters.add(0, id, 5, 500);
            counters.add(1, id, 1, 100);
        });
        apply(List.of(kept));

        start(2);
        ServicePort next = port(3, false, 1);
        apply(List.of(kept, next));
        Map<String, Integer> after = ids();
        assertEquals(Set.copyOf(before.values()), Set.copyOf(after.values()), "the same numbers");
        after.forEach((name, id) -> {
            CounterMap counters = name.contains(":8080") ? maps.backendCounters() : maps.serviceCounters();
            boolean isKept = name.startsWith(kept.key().toString());
            assertEquals(isKept ? 6 : 0, counters.packets(id), name);
            assertEquals(isKept ? 600 : 0, counters.bytes(id), name);
        });
    }

    @Test
    void shouldKnowWhatNumbersMeanBeforeServicesAreThere() {
        start(1);
        apply(List.of(port(1, false, 1, 2)));
        Map<String, Integer> ids = ids();
        int service = ids.get(port(1, false).key().toString());
        int backend = ids.get(port(1, false).key() + " 10.1.0.2:8080");

        start(2);
        EntryReview review = maps.review();
        assertTrue(review.isService(service));
        assertTrue(review.isBackend(backend, service));
        long lo = Address.parse("10.1.0.2").lo();
        assertTrue(review.isBackendAt(backend, 0, lo, 8080));
        assertFalse(review.isBackendAt(backend, 0, lo + 1, 8080));
        assertFalse(review.isBackendAt(backend, 0, lo, 8081));
        assertFalse(review.isBackend(backend, service + 1));
        assertFalse(review.isService(service + 1));
        assertFalse(review.isService(-1));
    }

    @Test
    void shouldForgetNamesThatMakeNoSense() {
        start(1);
        apply(List.of(port(1, false, 1), port(2, false, 2)));
        int id = ids().get(port(1, false).key().toString());
        for (long at = 2; at < ServiceNames.BYTES; at += 2) {
            maps.names().data().set(JAVA_SHORT, maps.names().offset(id) + at, (short) -1);
        }

        start(1);
        assertFalse(maps.review().isService(id));
        apply(List.of(port(1, false, 1), port(2, false, 2)));
        assertNotEquals(0, ids().get(port(1, false).key().toString()));
        assertEquals(List.of(), log);
    }

    /** What other processes read, and later versions: a change here needs a new layout version. */
    @Test
    void shouldKeepTheLayouts() {
        start(1);
        apply(List.of(port(1, true, 2)));
        ByteBuffer name = record(maps.names(), ids().get(port(1, true).key().toString()));
        assertEquals(2, ServiceNames.LAYOUT_VERSION);
        assertEquals("ns/name1:p".length(), name.getShort(0));
        assertEquals(17, name.get(2));
        assertEquals(6, name.get(3));
        assertEquals(
                "ns/name1:p", StandardCharsets.UTF_8.decode(name.slice(4, 10)).toString());
        RecordMap addresses = RecordMap.adopt(
                store,
                BackendAddresses.MAP,
                BackendAddresses.LAYOUT_VERSION,
                BackendAddresses.BYTES,
                ServiceMaps.BACKENDS);
        ByteBuffer backend = record(addresses, 1);
        assertEquals(1, BackendAddresses.LAYOUT_VERSION);
        assertEquals(Address.parse("10.1.0.2").lo(), backend.getLong(8));
        assertEquals(ids().get(port(1, true).key().toString()), backend.getInt(16));
        assertEquals(8080, backend.getInt(20));
    }

    private static ByteBuffer record(RecordMap records, int id) {
        return records.data().asSlice(records.offset(id), 24).asByteBuffer().order(ByteOrder.nativeOrder());
    }
}
