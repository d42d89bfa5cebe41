package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BackendSchedulerTest {
    private static final Address VIP = Address.parse("10.96.0.10");
    private static final long NOW_NS = 1_000_000_000L;
    private static final int CLIENTS = 20_000;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private final ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
    private final ServiceWriter writer = new ServiceWriter(maps, warning -> {
        throw new AssertionError(warning);
    });
    private final Conntrack conntrack = new Conntrack(
            store, ConntrackConfig.defaults().withMaxEntries(65_536), 1, ServiceMaps.BACKENDS, 1, quiescence);
    private final ConntrackWorker worker = conntrack.worker(0);
    private final BackendScheduler chooser = new BackendScheduler(maps, conntrack, new Random(5));
    private int connections;

    @AfterEach
    void close() {
        store.close();
    }

    private static List<BackendAddress> backends(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new BackendAddress(Address.ofIpv4(0x0A010001 + i), 8080))
                .toList();
    }

    private void install(Scheduler scheduler, List<BackendAddress> backends, int... weights) {
        Map<BackendAddress, Integer> byBackend = new HashMap<>();
        for (int i = 0; i < weights.length; i++) {
            byBackend.put(backends.get(i), weights[i]);
        }
        ServicePort port = new ServicePort(
                new ServicePortName("ns", "web", "", Protocol.TCP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, VIP, 80, false, List.of())),
                backends,
                List.of(),
                scheduler,
                byBackend,
                0,
                List.of());
        writer.apply(new DesiredState(List.of(port), List.of(), List.of(), new LocalDetector.None(), false));
    }

    private long block() {
        return VipValue.block(maps.vips().get(VIP.hi(), VIP.lo(), VipValue.key(80, FiveTuple.TCP)));
    }

    /** Chooses for a client; returns the last octet of the backend, which is its number from 1. */
    private int choose(int client, int port, Address vip) {
        long record = record(client, port, vip);
        return (int) ServiceBlock.addressLo(maps.blocks(), record) & 0xFF;
    }

    private long record(int client, int port, Address vip) {
        int count = ServiceBlock.clusterCount(maps.blocks(), block());
        return chooser.choose(block(), false, count, 0, Address.mapped(0x0A640000 + client), port, vip.hi(), vip.lo());
    }

    /** Chooses for many clients; returns how often each backend, from 1, was chosen. */
    private int[] shares(int backends) {
        int[] shares = new int[backends + 1];
        for (int client = 0; client < CLIENTS; client++) {
            shares[choose(client, 1024 + client, VIP)]++;
        }
        return shares;
    }

    /** Opens a connection to the scheduler's choice: active at once as UDP, not before its handshake as TCP. */
    private long connect(int protocol) {
        int client = connections++;
        long record = record(client, 1024, VIP);
        worker.originalSourceHi = 0;
        worker.originalSourceLo = Address.mapped(0x0A640000 + client);
        worker.originalDestinationHi = VIP.hi();
        worker.originalDestinationLo = VIP.lo();
        worker.originalTransport = FiveTuple.transport(1024, 80, protocol);
        worker.replySourceHi = ServiceBlock.addressHi(maps.blocks(), record);
        worker.replySourceLo = ServiceBlock.addressLo(maps.blocks(), record);
        worker.replyDestinationHi = worker.originalSourceHi;
        worker.replyDestinationLo = worker.originalSourceLo;
        worker.replyTransport = FiveTuple.transport(8080, 1024, protocol);
        worker.backendId = ServiceBlock.backendId(maps.blocks(), record);
        long handle = conntrack.create(worker, NOW_NS);
        assertTrue(handle >= 0);
        return handle;
    }

    private List<Long> active(int backends) {
        int count = ServiceBlock.clusterCount(maps.blocks(), block());
        assertEquals(backends, count);
        return IntStream.range(0, count)
                .mapToObj(i -> conntrack.activeConnections(ServiceBlock.backendId(
                        maps.blocks(), ServiceBlock.clusterBackends(block()) + (long) i * ServiceBlock.RECORD_BYTES)))
                .toList();
    }

    private static double chiSquare(int[] observed, double[] expectedShares) {
        double sum = 0;
        for (int i = 0; i < expectedShares.length; i++) {
            double expected = CLIENTS * expectedShares[i];
            sum += (observed[i + 1] - expected) * (observed[i + 1] - expected) / expected;
        }
        return sum;
    }

    /** 4 degrees of freedom, p > 1e-6. */
    private static final double CHI_SQUARE_4 = 33.4;

    @ParameterizedTest
    @EnumSource(names = {"RANDOM", "SH", "MH"})
    void shouldSpreadClientsEvenly(Scheduler scheduler) {
        install(scheduler, backends(5));
        int[] shares = shares(5);

        double[] expected = {0.2, 0.2, 0.2, 0.2, 0.2};
        assertTrue(chiSquare(shares, expected) < CHI_SQUARE_4, scheduler + " " + Arrays.toString(shares));
    }

    @ParameterizedTest
    @EnumSource(names = {"SH", "MH"})
    void shouldSpreadClientsByWeight(Scheduler scheduler) {
        install(scheduler, backends(5), 1, 2, 3, 4, 10);
        int[] shares = shares(5);

        double[] expected = {0.05, 0.1, 0.15, 0.2, 0.5};
        assertTrue(chiSquare(shares, expected) < CHI_SQUARE_4, scheduler + " " + Arrays.toString(shares));
    }

    @Test
    void shouldTakeTurns() {
        install(Scheduler.RR, backends(3));

        assertEquals(
                List.of(1, 2, 3, 1, 2, 3),
                IntStream.range(0, 6).mapToObj(i -> choose(i, 1, VIP)).toList());
    }

    @Test
    void shouldLetTheLocalSetTakeTurnsOfItsOwn() {
        ServicePort port = new ServicePort(
                new ServicePortName("ns", "web", "", Protocol.TCP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, VIP, 80, true, List.of())),
                backends(4),
                backends(2),
                Scheduler.RR,
                Map.of(),
                0,
                List.of());
        writer.apply(new DesiredState(List.of(port), List.of(), List.of(), new LocalDetector.None(), false));
        List<Integer> local = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            choose(i, 1, VIP);
            long record = chooser.choose(block(), true, 2, 0, 1, 1, VIP.hi(), VIP.lo());
            local.add((int) ServiceBlock.addressLo(maps.blocks(), record) & 0xFF);
        }

        assertEquals(List.of(1, 2, 1, 2), local);
    }

    @Test
    void shouldTakeTurnsByWeight() {
        install(Scheduler.WRR, backends(3), 3, 2, 1);

        assertEquals(
                List.of(1, 1, 2, 1, 2, 3, 1, 1, 2, 1, 2, 3),
                IntStream.range(0, 12).mapToObj(i -> choose(i, 1, VIP)).toList());
    }

    @Test
    void shouldTakeTurnsWithoutWeightsAsRoundRobin() {
        install(Scheduler.WRR, backends(3));

        assertEquals(
                List.of(1, 2, 3, 1),
                IntStream.range(0, 4).mapToObj(i -> choose(i, 1, VIP)).toList());
    }

    @ParameterizedTest
    @EnumSource(names = {"LC", "WLC", "SED", "NQ"})
    void shouldFillTheBackendWithTheLeastConnections(Scheduler scheduler) {
        install(scheduler, backends(3));
        List<Long> handles = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            handles.add(connect(FiveTuple.UDP));
        }
        assertEquals(List.of(10L, 10L, 10L), active(3));

        for (int i = 1; i < 30; i += 3) { // all of the second backend
            conntrack.remove(worker, handles.get(i));
        }
        for (int i = 0; i < 10; i++) {
            connect(FiveTuple.UDP);
        }
        assertEquals(List.of(10L, 10L, 10L), active(3));
    }

    @ParameterizedTest
    @EnumSource(names = {"WLC", "SED"})
    void shouldFillBackendsInProportionToTheirWeights(Scheduler scheduler) {
        install(scheduler, backends(3), 1, 2, 5);
        for (int i = 0; i < 800; i++) {
            connect(FiveTuple.UDP);
        }

        List<Long> active = active(3);
        assertEquals(100, active.get(0), 1, active.toString());
        assertEquals(200, active.get(1), 1, active.toString());
        assertEquals(500, active.get(2), 1, active.toString());
    }

    @Test
    void shouldIgnoreWeightsUnderLeastConnections() {
        install(Scheduler.LC, backends(2), 1, 100);
        for (int i = 0; i < 100; i++) {
            connect(FiveTuple.UDP);
        }

        assertEquals(List.of(50L, 50L), active(2));
    }

    @Test
    void shouldCountAnActiveConnectionAs256InactiveOnes() {
        install(Scheduler.LC, backends(2));
        connect(FiveTuple.UDP); // active, on the first
        for (int i = 0; i < 256; i++) {
            connect(FiveTuple.TCP); // no handshake yet: inactive, on the second
        }
        assertEquals(List.of(1L, 0L), active(2));

        assertEquals(1, choose(0, 1, VIP), "equal overhead: the first");
        connect(FiveTuple.TCP);
        assertEquals(2, choose(0, 1, VIP));
    }

    @Test
    void shouldPreferAnIdleBackendToAFasterOneUnderNeverQueue() {
        install(Scheduler.NQ, backends(2), 100, 1);
        connect(FiveTuple.UDP);
        connect(FiveTuple.UDP);
        assertEquals(List.of(1L, 1L), active(2));

        connect(FiveTuple.UDP);
        assertEquals(List.of(2L, 1L), active(2));
    }

    @Test
    void shouldChooseByClientAddressAloneUnderSourceHash() {
        install(Scheduler.SH, backends(7));

        for (int client = 0; client < 100; client++) {
            int chosen = choose(client, 1, VIP);
            assertEquals(chosen, choose(client, 60_000, Address.parse("192.0.2.1")));
        }
    }

    @Test
    void shouldChooseByVirtualAddressAloneUnderDestinationHash() {
        install(Scheduler.DH, backends(7));
        int[] shares = new int[8];
        for (int i = 0; i < 700; i++) {
            Address vip = Address.ofIpv4(0x0A600000 + i);
            int chosen = choose(1, 1, vip);
            assertEquals(chosen, choose(2, 2, vip));
            shares[chosen]++;
        }

        for (int backend = 1; backend <= 7; backend++) {
            assertEquals(100, shares[backend], 45, Arrays.toString(shares));
        }
    }

    @Test
    void shouldMoveOnlyTheClientsOfABackendThatGoesUnderSourceHash() {
        List<BackendAddress> all = backends(100);
        install(Scheduler.SH, all);
        int[] before = IntStream.range(0, 5000).map(i -> choose(i, 1, VIP)).toArray();
        List<BackendAddress> rest = new ArrayList<>(all);
        rest.remove(37);
        install(Scheduler.SH, rest);

        for (int client = 0; client < before.length; client++) {
            if (before[client] != 38) {
                assertEquals(before[client], choose(client, 1, VIP));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SH", "MH"})
    void shouldChooseTheSameOnEveryNode(Scheduler scheduler) {
        // Another order of backends, as other nodes may have it, and the choices of the release before.
        install(scheduler, backends(20));
        int[] here = IntStream.range(0, 1000).map(i -> choose(i, 4000, VIP)).toArray();
        List<BackendAddress> reversed = new ArrayList<>(backends(20));
        java.util.Collections.reverse(reversed);
        install(scheduler, reversed);
        int[] there = IntStream.range(0, 1000).map(i -> choose(i, 4000, VIP)).toArray();

        assertEquals(Arrays.toString(here), Arrays.toString(there));
        assertEquals(
                scheduler == Scheduler.SH ? 237948189 : 757514157,
                Arrays.hashCode(here),
                "nodes of two releases must agree");
    }
}
