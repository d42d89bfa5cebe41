package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the packets of one burst that open connections get, although their backends are chosen before any of these is opened. */
final class OpeningsTest {
    private static final Address CLIENT = Address.parse("10.0.0.1");
    private static final Address OTHER = Address.parse("10.0.0.2");
    private static final Address VIP = Address.parse("10.96.0.10");
    private static final int FRAME_BYTES = 64;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int AFFINITY_SECONDS = 100;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofConfined();
    private final Quiescence quiescence = new Quiescence(1);
    private final ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
    private final Conntrack conntrack = new Conntrack(
            store, ConntrackConfig.defaults().withMaxEntries(1024), 1, ServiceMaps.BACKENDS, 1, quiescence);
    private final Burst burst = new Burst(arena.allocate((long) FRAME_BYTES * Burst.LIMIT));

    private final ServiceWriter writer = new ServiceWriter(maps, warning -> {
        throw new AssertionError(warning);
    });
    private final NodeSettings node = new NodeSettings(
            new DesiredState(List.of(), List.of(), List.of(), new LocalDetector.None(), false), List.of("eth0"));
    private final Nat nat = new Nat(
            conntrack, conntrack.worker(0), maps, new NoMasquerade(), PortRange.UNPRIVILEGED, node, burst.frames, 1);

    private long nowNs = SECOND_NS;

    @AfterEach
    void tearDown() {
        store.close();
        arena.close();
    }

    private void serve(Scheduler scheduler, int backends, int affinitySeconds) {
        List<ServicePort> services = Stream.of(Protocol.UDP, Protocol.TCP)
                .map(protocol -> new ServicePort(
                        new ServicePortName("ns", "service", "", protocol),
                        false,
                        List.of(new Vip(VipKind.CLUSTER_IP, VIP, 80, false, List.of())),
                        IntStream.range(0, backends)
                                .mapToObj(i -> new BackendAddress(Address.ofIpv4(0x0A01_0000 + i), 8080))
                                .toList(),
                        List.of(),
                        scheduler,
                        Map.of(),
                        affinitySeconds,
                        List.of()))
                .toList();
        writer.apply(new DesiredState(services, List.of(), List.of(), new LocalDetector.None(), false));
    }

    private static final class NoMasquerade implements MasqueradeAddresses {
        @Override
        public int towards(long backendHi, long backendLo) {
            return -1;
        }

        @Override
        public long hi(int number) {
            return 0;
        }

        @Override
        public long lo(int number) {
            return 0;
        }
    }

    private void add(Address source, int sourcePort, Address destination, int destinationPort, int protocol) {
        int i = burst.count;
        burst.add(0, 0, (long) FRAME_BYTES * i, FRAME_BYTES);
        burst.kind(i, FlowKind.FLOW);
        burst.l4(i, burst.l2(i));
        burst.l4Length(i, 20);
        burst.sourceLo(i, source.lo());
        burst.destinationLo(i, destination.lo());
        burst.transport(i, FiveTuple.transport(sourcePort, destinationPort, protocol));
        burst.handle(i, -1);
        burst.reason(i, Reason.NONE);
    }

    private void udp(Address source, int port) {
        add(source, port, VIP, 80, FiveTuple.UDP);
    }

    private void tcp(int port, int flags) {
        long l4 = (long) FRAME_BYTES * burst.count;
        add(CLIENT, port, VIP, 80, FiveTuple.TCP);
        Bytes.u8(burst.frames, l4 + 12, 5 << 4);
        Bytes.u8(burst.frames, l4 + 13, flags);
    }

    /** Resolves the burst and forgets it. Returns where each packet goes. */
    private long[] resolve() {
        nat.resolve(burst, nowNs);
        long[] targets = IntStream.range(0, burst.count)
                .mapToLong(i -> burst.reason(i) == Reason.SERVICE ? burst.targetLo(i) : 0)
                .toArray();
        burst.clear();
        return targets;
    }

    private int connections() {
        AtomicInteger count = new AtomicInteger();
        conntrack.forEachLive(1, conntrack.pagesEnd(), _ -> count.incrementAndGet());
        return count.get();
    }

    private static long backend(int number) {
        return Address.ofIpv4(0x0A01_0000 + number).lo();
    }

    @Test
    void shouldOpenOneConnectionForATupleThatABurstHasTwice() {
        serve(Scheduler.RANDOM, 200, 0);
        for (int i = 0; i < Burst.LIMIT; i++) {
            udp(CLIENT, 1000 + i % (Burst.LIMIT / 2));
        }
        long[] targets = resolve();

        for (int i = 0; i < Burst.LIMIT / 2; i++) {
            assertNotEquals(0, targets[i]);
            assertEquals(targets[i], targets[i + Burst.LIMIT / 2]);
        }
        assertEquals(Burst.LIMIT / 2, connections());
    }

    @Test
    void shouldTakeTheAnswerOfAConnectionThatTheSameBurstOpenedForPartOfIt() {
        serve(Scheduler.RANDOM, 1, 0);
        add(CLIENT, 1000, OTHER, 2000, FiveTuple.UDP);
        add(OTHER, 2000, CLIENT, 1000, FiveTuple.UDP);
        nat.resolve(burst, nowNs);

        assertEquals(Reason.ROUTED, burst.reason(0));
        assertEquals(Reason.ROUTED, burst.reason(1));
        assertEquals(CLIENT.lo(), burst.targetLo(1));
        assertEquals(-1, burst.handle(1), "it is not translated");
        assertEquals(1, connections());
    }

    @Test
    void shouldTakeTurnsExactlyWithinABurst() {
        serve(Scheduler.RR, 5, 0);
        int turn = 0;
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < Burst.LIMIT; i++) {
                udp(CLIENT, 1000 + round * Burst.LIMIT + i);
            }
            for (long target : resolve()) {
                assertEquals(backend(turn++ % 5), target, "turn " + turn);
            }
        }
    }

    @Test
    void shouldTakeOneTurnForATupleThatABurstHasTwice() {
        serve(Scheduler.RR, 4, 0);
        int turn = 0;
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < Burst.LIMIT; i++) {
                udp(CLIENT, 1000 + round * Burst.LIMIT + i / 2);
            }
            long[] targets = resolve();
            for (int i = 0; i < Burst.LIMIT; i++) {
                assertEquals(backend((turn + i / 2) % 4), targets[i], "packet " + i);
            }
            turn += Burst.LIMIT / 2;
        }
    }

    @Test
    void shouldTakeNoTurnForAPacketThatOpensNothing() {
        serve(Scheduler.RR, 4, 0);
        for (int i = 0; i < Burst.LIMIT; i++) {
            tcp(1000 + i, i % 2 == 0 ? Tcp.SYN : Tcp.RST);
        }
        long[] targets = resolve();
        for (int i = 0; i < Burst.LIMIT; i++) {
            assertEquals(i % 2 == 0 ? backend(i / 2 % 4) : 0, targets[i], "packet " + i);
        }
    }

    @Test
    void shouldSpreadTheConnectionsOfABurstEvenlyByLeastConnections() {
        for (Scheduler scheduler : List.of(Scheduler.LC, Scheduler.WLC, Scheduler.SED, Scheduler.NQ)) {
            serve(scheduler, 4, 0);
            for (int i = 0; i < Burst.LIMIT; i++) {
                udp(CLIENT, 1000 + 100 * scheduler.ordinal() + i);
            }
            Map<Long, Integer> connections = new HashMap<>();
            for (long target : resolve()) {
                connections.merge(target, 1, Integer::sum);
            }
            assertEquals(4, connections.size(), scheduler.name());
            connections.values().forEach(count -> assertEquals(Burst.LIMIT / 4, count, scheduler.name()));
        }
    }

    @Test
    void shouldSendAClientToOneBackendWithinABurst() {
        serve(Scheduler.RR, 2, AFFINITY_SECONDS);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < Burst.LIMIT; i++) {
                udp(CLIENT, 1000 + i);
            }
            long[] targets = resolve();
            for (int i = 0; i < Burst.LIMIT; i++) {
                assertEquals(backend(round % 2), targets[i], "packet " + i);
            }
            nowNs += 2 * AFFINITY_SECONDS * SECOND_NS; // the memory is over, but still there
        }
    }

    @Test
    void shouldNotUseWhatWasDecidedAheadForAnotherBurst() {
        serve(Scheduler.RANDOM, 1, 0);
        udp(CLIENT, 1000);
        udp(CLIENT, 1000);
        assertEquals(
                List.of(backend(0), backend(0)),
                Arrays.stream(resolve()).boxed().toList());

        serve(Scheduler.RANDOM, 0, 0);
        nowNs += 3_600 * SECOND_NS; // the connection is over, but still there
        udp(CLIENT, 1001);
        udp(CLIENT, 1000);
        nat.resolve(burst, nowNs);
        assertEquals(Reason.NO_ENDPOINTS, burst.reason(0));
        assertEquals(Reason.NO_ENDPOINTS, burst.reason(1));
    }

    private boolean[] chosenAhead() {
        Openings openings = new Openings(
                conntrack,
                conntrack.worker(0),
                new BackendSelector(maps, conntrack, conntrack.worker(0), new Random(1)),
                new NoMasquerade(),
                PortRange.UNPRIVILEGED);
        Lookahead lookahead = new Lookahead(conntrack.index());
        lookahead.touch(burst);
        openings.prepare(burst, lookahead, node, nowNs);
        boolean[] chosen = new boolean[burst.count];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = openings.take(burst, i, node).isChosen;
            assertFalse(openings.take(burst, i, node).isChosen, "taken once");
        }
        burst.clear();
        return chosen;
    }

    @Test
    void shouldChooseAheadWhatDoesNotDependOnTheBurstsOtherPackets() {
        for (Scheduler scheduler : Scheduler.values()) {
            serve(scheduler, 4, 0);
            udp(CLIENT, 1000);
            udp(CLIENT, 1000);
            boolean takesTurns = scheduler == Scheduler.RR || scheduler == Scheduler.WRR;
            boolean counts = List.of(Scheduler.LC, Scheduler.WLC, Scheduler.SED, Scheduler.NQ)
                    .contains(scheduler);
            assertArrayEquals(new boolean[] {!counts, !counts && !takesTurns}, chosenAhead(), scheduler.name());
        }
        serve(Scheduler.RANDOM, 4, AFFINITY_SECONDS);
        udp(CLIENT, 1000);
        assertArrayEquals(new boolean[] {false}, chosenAhead(), "affinity");
    }
}
