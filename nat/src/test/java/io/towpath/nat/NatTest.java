package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.conntrack.EntryReview;
import io.towpath.linux.NativeMemory;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class NatTest {
    private static final Address CLIENT = Address.parse("10.0.0.1");
    private static final Address VIP = Address.parse("10.96.0.10");
    private static final int TUPLES = 64 * 100;
    private static final int WORKERS = 2;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofShared();
    private final Quiescence quiescence = new Quiescence(WORKERS);
    private final ServiceMaps maps = new ServiceMaps(store, WORKERS, 1, quiescence);
    private Conntrack conntrack = table(false);

    @AfterEach
    void tearDown() {
        store.close();
        arena.close();
    }

    private Conntrack table(boolean liberal) {
        ConntrackConfig config = new ConntrackConfig(2 * TUPLES, liberal, 86_400, 3_600, 30, 120);
        return new Conntrack(new AnonymousMapStore(), config, WORKERS, ServiceMaps.BACKENDS, 1, quiescence);
    }

    private static DesiredState state(Protocol protocol, int backends) {
        ServicePort service = new ServicePort(
                new ServicePortName("ns", "service", "", protocol),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, VIP, 80, false, List.of())),
                IntStream.range(0, backends)
                        .mapToObj(i -> new BackendAddress(Address.ofIpv4(0x0A01_0000 + i), 8080))
                        .toList(),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
        return new DesiredState(List.of(service), List.of(), List.of(), new LocalDetector.None(), false);
    }

    private void apply(DesiredState state) {
        new ServiceWriter(maps, warning -> {
                    throw new AssertionError(warning);
                })
                .apply(state);
    }

    /** A worker with its NAT and a burst of packets without link and network headers. */
    private final class Worker {
        final Burst burst = new Burst(arena.allocate(64 * Burst.LIMIT));
        final Nat nat;

        Worker(int number, DesiredState state) {
            nat = new Nat(
                    conntrack,
                    conntrack.worker(number),
                    maps,
                    new NoMasquerade(),
                    PortRange.UNPRIVILEGED,
                    new NodeSettings(state, List.of("eth0")),
                    burst.frames,
                    number + 1L);
        }

        void add(Address source, int sourcePort, Address destination, int destinationPort, int protocol) {
            int i = burst.count;
            burst.add(0, 0, 64L * i, 64);
            burst.kind(i, FlowKind.FLOW);
            burst.l4(i, burst.l2(i));
            burst.l4Length(i, 20);
            burst.sourceLo(i, source.lo());
            burst.destinationLo(i, destination.lo());
            burst.transport(i, FiveTuple.transport(sourcePort, destinationPort, protocol));
            burst.handle(i, -1);
            burst.reason(i, Reason.NONE);
        }

        /** Resolves one TCP segment; returns what was decided. */
        Reason tcp(Address source, int sourcePort, Address destination, int port, int flags, int sequence, int ack) {
            burst.clear();
            add(source, sourcePort, destination, port, FiveTuple.TCP);
            burst.frames.fill((byte) 0);
            Bytes.i32(burst.frames, 4, sequence);
            Bytes.i32(burst.frames, 8, ack);
            Bytes.u8(burst.frames, 12, 5 << 4);
            Bytes.u8(burst.frames, 13, flags);
            Bytes.u16(burst.frames, 14, 1000);
            nat.resolve(burst, 1);
            return burst.reason(0);
        }

        Address target() {
            return new Address(burst.targetHi(0), burst.targetLo(0));
        }

        /** Resolves a burst of datagrams, each until it is decided, as a client would repeat it; returns the targets, 0 for drops. */
        long[] udp(int firstPort) {
            burst.clear();
            for (int port = firstPort; port < firstPort + Burst.LIMIT; port++) {
                add(CLIENT, port, VIP, 80, FiveTuple.UDP);
            }
            do {
                nat.resolve(burst, 1);
            } while (IntStream.range(0, burst.count).anyMatch(i -> burst.reason(i) == Reason.CONNTRACK_CONTENDED));
            return IntStream.range(0, burst.count)
                    .mapToLong(i -> burst.reason(i) == Reason.SERVICE ? burst.targetLo(i) : 0)
                    .toArray();
        }
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

    /** Two workers have each of many new tuples at the same time; returns each worker's targets by tuple. */
    private List<List<long[]>> race(DesiredState state) throws InterruptedException {
        apply(state);
        List<List<long[]>> targets = List.of(new ArrayList<>(), new ArrayList<>());
        AtomicInteger arrived = new AtomicInteger();
        Thread[] threads = new Thread[WORKERS];
        for (int number = 0; number < WORKERS; number++) {
            int participant = number;
            Worker worker = new Worker(number, state);
            List<long[]> own = targets.get(number);
            threads[number] = Thread.ofPlatform().start(() -> {
                quiescence.online(participant);
                for (int round = 0; round < TUPLES / Burst.LIMIT; round++) {
                    arrived.incrementAndGet();
                    while (arrived.get() < WORKERS * (round + 1)) {
                        Thread.yield();
                    }
                    own.add(worker.udp(1 + round * Burst.LIMIT));
                    quiescence.quiescent(participant);
                }
                quiescence.offline(participant);
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return targets;
    }

    private int connections() {
        return entries().size();
    }

    private List<Long> entries() {
        List<Long> entries = new ArrayList<>();
        conntrack.forEachLive(1, conntrack.pagesEnd(), entries::add);
        return entries;
    }

    @Test
    void shouldBringDatagramsOfOneNewTupleToOneBackendWhenTwoWorkersRace() throws InterruptedException {
        List<List<long[]>> targets = race(state(Protocol.UDP, 16));

        assertEquals(TUPLES / Burst.LIMIT, targets.get(0).size());
        for (int round = 0; round < TUPLES / Burst.LIMIT; round++) {
            for (int i = 0; i < Burst.LIMIT; i++) {
                assertNotEquals(0, targets.get(0).get(round)[i], "dropped");
                assertEquals(targets.get(0).get(round)[i], targets.get(1).get(round)[i]);
            }
        }
        assertEquals(TUPLES, connections());
    }

    @Test
    void shouldDropWhatDoesNotFitATranslatedConnection() {
        DesiredState state = state(Protocol.TCP, 1);
        apply(state);
        Worker worker = new Worker(0, state);
        assertEquals(Reason.SERVICE, worker.tcp(CLIENT, 1000, VIP, 80, Tcp.SYN, 100, 0));
        Address backend = worker.target();

        assertEquals(Reason.CONNTRACK_INVALID, worker.tcp(CLIENT, 1000, VIP, 80, Tcp.ACK, 101, 7));
        assertEquals(
                Reason.CONNTRACK_INVALID, worker.tcp(backend, 8080, CLIENT, 1000, Tcp.SYN | Tcp.ACK, 500, 90_000_000));
        assertEquals(Reason.SERVICE_REPLY, worker.tcp(backend, 8080, CLIENT, 1000, Tcp.SYN | Tcp.ACK, 500, 101));
    }

    @Test
    void shouldTranslateWhatIsOutsideTheWindowIfLiberal() {
        DesiredState state = state(Protocol.TCP, 1);
        apply(state);
        for (boolean liberal : new boolean[] {false, true}) {
            conntrack = table(liberal);
            Worker worker = new Worker(0, state);
            worker.tcp(CLIENT, 1000, VIP, 80, Tcp.SYN, 100, 0);
            Address backend = worker.target();
            worker.tcp(backend, 8080, CLIENT, 1000, Tcp.SYN | Tcp.ACK, 500, 101);
            worker.tcp(CLIENT, 1000, VIP, 80, Tcp.ACK, 101, 501);

            Reason reason = worker.tcp(CLIENT, 1000, VIP, 80, Tcp.ACK, 90_000_000, 501);
            assertEquals(liberal ? Reason.SERVICE : Reason.CONNTRACK_INVALID, reason);
            assertEquals(liberal ? backend : VIP, worker.target());
        }
    }

    @Test
    void shouldDropWhatFitsNoStateAndHasNoEntryToAVipAndLetItPassElsewhere() {
        DesiredState state = state(Protocol.TCP, 1);
        apply(state);
        Worker worker = new Worker(0, state);
        for (int flags : new int[] {Tcp.SYN | Tcp.ACK, Tcp.RST, Tcp.FIN | Tcp.ACK, Tcp.SYN | Tcp.FIN, 0}) {
            assertEquals(Reason.CONNTRACK_INVALID, worker.tcp(CLIENT, 1000, VIP, 80, flags, 1, 1));
            assertEquals(Reason.ROUTED, worker.tcp(CLIENT, 1000, CLIENT, 80, flags, 1, 1));
        }
        assertEquals(0, connections());
    }

    @Test
    void shouldLetABackendsSegmentPassByAddressOnceItsEntryIsGone() {
        DesiredState state = state(Protocol.TCP, 1);
        apply(state);
        Worker worker = new Worker(0, state);
        worker.tcp(CLIENT, 1000, VIP, 80, Tcp.SYN, 100, 0);
        Address backend = worker.target();
        conntrack.remove(conntrack.worker(0), worker.burst.handle(0));

        assertEquals(Reason.ROUTED, worker.tcp(backend, 8080, CLIENT, 1000, Tcp.SYN | Tcp.ACK, 500, 101));
        assertEquals(0, connections());
        assertEquals(Reason.ROUTED, worker.tcp(backend, 8080, CLIENT, 1000, Tcp.ACK, 501, 101));
        assertEquals(1, connections(), "an ACK is picked up as a connection of its own");
    }

    @Test
    void shouldChooseABackendAtOnceForASynAfterTheEnd() {
        DesiredState before = state(Protocol.TCP, 1);
        ServiceWriter writer = new ServiceWriter(maps, warning -> {
            throw new AssertionError(warning);
        });
        writer.apply(before);
        Worker worker = new Worker(0, before);
        worker.tcp(CLIENT, 1000, VIP, 80, Tcp.SYN, 100, 0);
        Address old = worker.target();
        worker.tcp(old, 8080, CLIENT, 1000, Tcp.SYN | Tcp.ACK, 500, 101);
        worker.tcp(CLIENT, 1000, VIP, 80, Tcp.ACK, 101, 501);
        writer.apply(state(Protocol.TCP, 0));
        assertEquals(
                Reason.SERVICE, worker.tcp(CLIENT, 1000, VIP, 80, Tcp.RST, 101, 0), "it goes on without the backend");

        assertEquals(Reason.NO_ENDPOINTS, worker.tcp(CLIENT, 1000, VIP, 80, Tcp.SYN, 900, 0));
        assertNotEquals(old, worker.target());
        assertEquals(0, connections(), "the old one made room");
    }

    @Test
    void shouldSeeEveryFlippedBitOfAnEntrysAddressesAndDeltas() {
        DesiredState state = state(Protocol.UDP, 16);
        apply(state);
        Worker worker = new Worker(0, state);
        assertNotEquals(0, worker.udp(1)[0]);
        assertEquals(Reason.ROUTED, worker.tcp(CLIENT, 1, Address.parse("10.0.0.9"), 80, Tcp.SYN, 1, 0));
        EntryReview review = maps.review();
        for (long entry : entries()) {
            for (int bit = 0; bit < 8 * 32; bit++) {
                long at = entry + bit / 32 * 4L;
                boolean covered = bit < 8 * 12 || bit >= 8 * 16; // between them is the state word
                assertTrue(review.isIntact(entry));
                int whole = NativeMemory.getInt(at);
                NativeMemory.setInt(at, whole ^ 1 << bit % 32);
                assertTrue(!covered || !review.isIntact(entry), "bit " + bit);
                NativeMemory.setInt(at, whole);
            }
        }
    }
}
