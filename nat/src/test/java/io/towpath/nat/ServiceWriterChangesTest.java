package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes applied one by one leave the maps as the whole state applied at once does. */
final class ServiceWriterChangesTest {
    private static final Address SHARED = Address.parse("10.96.0.100");

    private static final long KEY = VipValue.key(80, Protocol.TCP.number());

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final List<String> warnings = new ArrayList<>();
    private final ServiceMaps maps = maps(store);
    private final ServiceWriter writer = new ServiceWriter(maps, warnings::add);

    @AfterEach
    void close() {
        store.close();
    }

    private static ServiceMaps maps(AnonymousMapStore store) {
        return new ServiceMaps(store, 1, 42, new Quiescence(1));
    }

    private static ServicePort port(String name, List<Vip> vips, int... backends) {
        List<BackendAddress> all = new ArrayList<>();
        for (int backend : backends) {
            all.add(new BackendAddress(Address.ofIpv4(0x0A01_0000 + backend), 8080));
        }
        return new ServicePort(
                new ServicePortName("ns", name, "p", Protocol.TCP),
                false,
                vips,
                all,
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }

    private static Vip vip(VipKind kind, Address address, int port) {
        return new Vip(kind, address, port, false, List.of());
    }

    private int apply(List<ServicePort> changed, ServicePort... removed) {
        List<ServicePort.Key> keys = new ArrayList<>();
        for (ServicePort port : removed) {
            keys.add(port.key());
        }
        return writer.apply(new DesiredChange(changed, keys, Optional.empty()));
    }

    /** Everything a reader can find, in words. */
    private static Map<String, String> content(ServiceMaps maps, ServiceWriter writer) {
        Map<String, String> content = new TreeMap<>();
        maps.vips()
                .forEach((hi, lo, key, value) -> content.put(
                        new Address(hi, lo) + " " + key,
                        VipValue.isAddressOnly(value) ? "address" : describe(maps.blocks(), value, writer)));
        return content;
    }

    private static String describe(MemorySegment blocks, long value, ServiceWriter writer) {
        long block = VipValue.block(value);
        StringBuilder text = new StringBuilder(VipValue.kind(value) + " of "
                + writer.byId(ServiceBlock.serviceId(blocks, block)).name());
        for (int i = 0; i < ServiceBlock.clusterCount(blocks, block); i++) {
            long backend = ServiceBlock.clusterBackends(block) + (long) i * ServiceBlock.RECORD_BYTES;
            text.append(' ').append(ServiceBlock.addressLo(blocks, backend) & 0xFFFF);
        }
        return text.toString();
    }

    /** Looks at TCP port 80 of addresses all the time, as a worker might. */
    private final class GapWatch {
        private final AtomicBoolean isDone = new AtomicBoolean();
        private final AtomicInteger gaps = new AtomicInteger();
        private final Thread reader;

        GapWatch(Address... addresses) {
            reader = Thread.ofPlatform().start(() -> {
                while (!isDone.get()) {
                    for (Address address : addresses) {
                        if (maps.vips().get(address.hi(), address.lo(), KEY) == 0) {
                            gaps.incrementAndGet();
                        }
                    }
                }
            });
        }

        /** Ends the looking. Returns how many looks found nothing. */
        int stop() throws InterruptedException {
            isDone.set(true);
            reader.join();
            return gaps.get();
        }
    }

    @Test
    void shouldLeaveTheMapsAsTheWholeStateDoes() {
        Random random = new Random(20261125);
        Map<ServicePort.Key, ServicePort> wanted = new HashMap<>();
        for (int round = 0; round < 400; round++) {
            Map<Address, String> owners = new HashMap<>();
            Map<ServicePort.Key, ServicePort> next = new HashMap<>();
            for (int i = 0; i < 8; i++) {
                if (random.nextInt(4) > 0) {
                    ServicePort port = randomPort("s" + i, random, owners);
                    next.put(port.key(), port);
                }
            }
            List<ServicePort> changed = next.values().stream()
                    .filter(port -> !port.equals(wanted.get(port.key())))
                    .toList();
            List<ServicePort.Key> removed = wanted.keySet().stream()
                    .filter(key -> !next.containsKey(key))
                    .toList();
            assertEquals(
                    changed.size() + removed.size(),
                    writer.apply(new DesiredChange(changed, removed, Optional.empty())));
            wanted.clear();
            wanted.putAll(next);

            if (round % 50 == 0) {
                assertEquals(contentOf(next), content(maps, writer), "round " + round);
            }
        }
        assertEquals(List.of(), warnings);
    }

    private static Map<String, String> contentOf(Map<ServicePort.Key, ServicePort> ports) {
        try (AnonymousMapStore freshStore = new AnonymousMapStore()) {
            ServiceMaps fresh = maps(freshStore);
            ServiceWriter whole = new ServiceWriter(fresh, warning -> {});
            whole.apply(new DesiredState(
                    List.copyOf(ports.values()), List.of(), List.of(), new LocalDetector.None(), false));
            return content(fresh, whole);
        }
    }

    /** Addresses move between services and change their kind. */
    private static ServicePort randomPort(String name, Random random, Map<Address, String> owners) {
        List<Vip> vips = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            Address address = Address.ofIpv4(0x0A60_0000 + random.nextInt(8));
            if (owners.putIfAbsent(address, name) == null) {
                VipKind kind = random.nextBoolean() ? VipKind.CLUSTER_IP : VipKind.EXTERNAL_IP;
                vips.add(vip(kind, address, 80));
            }
        }
        return port(name, vips, random.nextInt(3), 10 + random.nextInt(3));
    }

    @Test
    void shouldCountWhatChangesOnly() {
        ServicePort a = port("a", List.of(vip(VipKind.CLUSTER_IP, SHARED, 80)), 1);
        assertEquals(1, apply(List.of(a)));
        assertEquals(0, apply(List.of(a)));
        assertEquals(0, apply(List.of(), port("unknown", List.of())));
        assertEquals(1, apply(List.of(), a));
        assertEquals(0, maps.vips().size());
    }

    @Test
    void shouldHandAnAddressOverWithoutAGapWhateverTheOrder() throws InterruptedException {
        List<Vip> vips = List.of(vip(VipKind.CLUSTER_IP, SHARED, 80));
        apply(List.of(port("a", vips, 1), port("b", List.of(), 2)));
        GapWatch watch = new GapWatch(SHARED);
        for (int turn = 0; turn < 10_000; turn++) {
            boolean toB = turn % 2 == 0;
            ServicePort a = port("a", toB ? List.of() : vips, 1);
            ServicePort b = port("b", toB ? vips : List.of(), 2);
            apply(toB ? List.of(a, b) : List.of(b, a));
        }

        assertEquals(0, watch.stop(), "looks at the address that found nothing");
        long value = maps.vips().get(SHARED.hi(), SHARED.lo(), KEY);
        assertEquals("CLUSTER_IP of ns/a:p 1", describe(maps.blocks(), value, writer));
        assertNotEquals(0, maps.vips().get(SHARED.hi(), SHARED.lo(), VipValue.ANY_PORT));
    }

    @Test
    void shouldSwapAddressesOfTwoServicesWithoutAGap() throws InterruptedException {
        Address other = Address.parse("10.96.0.101");
        List<Vip> shared = List.of(vip(VipKind.CLUSTER_IP, SHARED, 80));
        List<Vip> others = List.of(vip(VipKind.CLUSTER_IP, other, 80));
        apply(List.of(port("a", shared, 1), port("b", others, 2)));
        GapWatch watch = new GapWatch(SHARED, other);
        for (int turn = 0; turn < 10_000; turn++) {
            boolean swapped = turn % 2 == 0;
            apply(List.of(port("a", swapped ? others : shared, 1), port("b", swapped ? shared : others, 2)));
        }

        assertEquals(0, watch.stop(), "looks at an address that found nothing");
        ServicePort a = port("a", shared, 1);
        ServicePort b = port("b", others, 2);
        assertEquals(contentOf(Map.of(a.key(), a, b.key(), b)), content(maps, writer));
    }

    @Test
    void shouldTryAgainWhatDidNotFit() {
        int[] many = IntStream.range(0, 40_000).toArray();
        List<ServicePort> ports = new ArrayList<>();
        for (int i = 0; i <= ServiceMaps.BACKENDS / many.length; i++) {
            ports.add(port("s" + i, List.of(vip(VipKind.CLUSTER_IP, Address.ofIpv4(0x0A60_0000 + i), 80)), many));
        }
        assertEquals(ports.size() - 1, apply(ports));
        assertFalse(writer.isSettled());
        assertEquals(0, writer.finish(0));

        assertEquals(1, apply(List.of(), ports.getFirst()));

        assertEquals(1, writer.finish(1), "at once after a change");
        assertTrue(writer.isSettled());
        assertEquals(ports.getLast(), writer.byId(ServiceBlock.serviceId(maps.blocks(), block(ports.getLast()))));
        assertEquals(1, warnings.size(), warnings.toString());
    }

    private long block(ServicePort port) {
        Address address = port.vips().getFirst().address();
        return VipValue.block(maps.vips().get(address.hi(), address.lo(), KEY));
    }

    @Test
    void shouldTryAgainOnceASecondWhatDidNotFit() {
        long fillers = fillAddresses();
        ServicePort service = port("a", List.of(vip(VipKind.CLUSTER_IP, SHARED, 80)), 1);
        assertEquals(1, apply(List.of(service)));
        assertEquals(0, writer.finish(0));
        maps.vips().remove(0, fillers - 1, 1);

        assertEquals(0, writer.finish(1_000_000_000), "the address, but not yet its marker");
        maps.vips().remove(0, fillers - 2, 1);
        assertEquals(0, writer.finish(1_999_999_999), "too early");
        assertFalse(writer.isSettled());
        assertEquals(1, writer.finish(2_000_000_000));

        assertTrue(writer.isSettled());
        assertEquals("CLUSTER_IP of ns/a:p 1", describe(maps.blocks(), vip(SHARED, KEY), writer));
        assertNotEquals(0, vip(SHARED, VipValue.ANY_PORT));
        assertEquals(List.of("service ns/a:p is left out at 10.96.0.100:80: the address table is full"), warnings);
    }

    @Test
    void shouldForgetWhatDidNotFitWhenItIsNoLongerWanted() {
        fillAddresses();
        ServicePort service = port("a", List.of(vip(VipKind.CLUSTER_IP, SHARED, 80)), 1);
        apply(List.of(service));
        assertFalse(writer.isSettled());

        apply(List.of(), service);

        assertTrue(writer.isSettled());
    }

    @Test
    void shouldLeaveOutWhatCanNeverFit() {
        int[] tooMany = IntStream.range(0, 45_000).toArray(); // backends; the largest block has room for fewer
        assertEquals(0, apply(List.of(port("huge", List.of(vip(VipKind.CLUSTER_IP, SHARED, 80)), tooMany))));

        assertEquals(1, warnings.size());
        assertTrue(writer.isSettled());
    }

    /** Leaves no room for addresses. Returns how many there are. */
    private long fillAddresses() {
        long count = 0;
        while (maps.vips().put(0, count, 1, 1)) {
            count++;
        }
        return count;
    }

    private long vip(Address address, long key) {
        return maps.vips().get(address.hi(), address.lo(), key);
    }
}
