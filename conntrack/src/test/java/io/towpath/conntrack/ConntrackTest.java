package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ConntrackTest {
    private static final long CLIENT = Address.parse("10.0.0.1").lo();
    private static final long VIP = Address.parse("10.96.0.1").lo();
    private static final long BACKEND = Address.parse("10.1.0.1").lo();
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int BACKENDS = 16;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment segment = arena.allocate(64);
    private final Quiescence quiescence = new Quiescence(1);
    private Conntrack conntrack;
    private ConntrackWorker worker;
    private long nowNs = 1_000 * SECOND_NS;

    @BeforeEach
    void setUp() {
        use(new Conntrack(store, ConntrackConfig.defaults().withMaxEntries(64), 1, BACKENDS, 42, quiescence));
    }

    private void use(Conntrack table) {
        conntrack = table;
        worker = table.worker(0);
    }

    @AfterEach
    void tearDown() {
        store.close();
        arena.close();
    }

    private long create(int port, int protocol) {
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = FiveTuple.transport(port, 80, protocol);
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = FiveTuple.transport(8080, port, protocol);
        return conntrack.create(worker, nowNs);
    }

    private long find(long source, long destination, long transport) {
        return conntrack
                .index()
                .lookup(
                        conntrack.index().hash(0, source, 0, destination, transport),
                        0,
                        source,
                        0,
                        destination,
                        transport);
    }

    private long reply(int port, int protocol) {
        return find(BACKEND, CLIENT, FiveTuple.transport(8080, port, protocol));
    }

    private long original(int port, int protocol) {
        return find(CLIENT, VIP, FiveTuple.transport(port, 80, protocol));
    }

    private int tcp(long handle, int flags, int sequence, int acknowledgment, int payload) {
        segment.fill((byte) 0);
        Bytes.i32(segment, 4, sequence);
        Bytes.i32(segment, 8, acknowledgment);
        Bytes.u8(segment, 12, 5 << 4);
        Bytes.u8(segment, 13, flags);
        Bytes.u16(segment, 14, 65_000);
        return conntrack.track(worker, handle, segment, 0, 20 + payload, 54 + payload, nowNs);
    }

    /** SYN, SYN-ACK, ACK; sequence numbers are then 101 and 501. */
    private long establish(int port) {
        long handle = create(port, FiveTuple.TCP);
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.SYN, 100, 0, 0));
        assertEquals(Conntrack.TRACK_OK, tcp(handle | 1, Tcp.SYN | Tcp.ACK, 500, 101, 0));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK, 101, 501, 0));
        assertEquals(TcpState.ESTABLISHED, Entry.state(handle));
        return handle;
    }

    @Test
    void shouldFindBothDirections() {
        long handle = create(1000, FiveTuple.UDP);

        assertEquals(handle, original(1000, FiveTuple.UDP));
        assertEquals(handle | 1, reply(1000, FiveTuple.UDP));
        assertEquals(Conntrack.MISS, original(1001, FiveTuple.UDP));
        assertEquals(Conntrack.MISS, original(1000, FiveTuple.TCP));
    }

    @Test
    void shouldEnterBothDirectionsOrNeither() {
        create(1000, FiveTuple.UDP);

        assertEquals(Conntrack.CONFLICT_ORIGINAL, create(1000, FiveTuple.UDP), "it is the same connection");
        worker.originalTransport = FiveTuple.transport(3000, 80, FiveTuple.UDP);
        assertEquals(Conntrack.CONFLICT_REPLY, conntrack.create(worker, nowNs));
        assertEquals(Conntrack.MISS, original(3000, FiveTuple.UDP));
        worker.originalTransport = FiveTuple.transport(1000, 80, FiveTuple.UDP);
        worker.replyTransport = FiveTuple.transport(8080, 2000, FiveTuple.UDP);
        assertEquals(Conntrack.CONFLICT_ORIGINAL, conntrack.create(worker, nowNs));
        assertEquals(Conntrack.MISS, reply(2000, FiveTuple.UDP));
    }

    @Test
    void shouldNotWaitForARemoverThatStandsStill() {
        long old = create(1000, FiveTuple.UDP);
        int number = conntrack.pages().number(old);
        assertEquals(UdpTracker.CURRENT, Entry.beginRemoval(old));

        long handle = create(1000, FiveTuple.UDP);
        assertTrue(handle > 0 && handle != old);
        assertEquals(handle, original(1000, FiveTuple.UDP));

        conntrack.index().remove(old, number); // it goes on, and finds nothing of its own
        assertEquals(handle, original(1000, FiveTuple.UDP));
        assertEquals(handle | 1, reply(1000, FiveTuple.UDP));
    }

    @Test
    void shouldReuseAnEntryOnlyAfterAQuiescentPoint() {
        use(new Conntrack(
                new AnonymousMapStore(), ConntrackConfig.defaults().withMaxEntries(1), 1, BACKENDS, 42, quiescence));
        quiescence.online(0);
        long handle = create(1000, FiveTuple.UDP);
        assertTrue(conntrack.remove(worker, handle));
        assertEquals(Conntrack.MISS, original(1000, FiveTuple.UDP));
        assertEquals(Conntrack.MISS, reply(1000, FiveTuple.UDP));

        assertEquals(Conntrack.FULL, create(1001, FiveTuple.UDP));
        quiescence.quiescent(0);
        assertTrue(create(1002, FiveTuple.UDP) > 0);
        assertTrue(!conntrack.remove(worker, handle) || original(1002, FiveTuple.UDP) == Conntrack.MISS);
    }

    @Test
    void shouldKeepAConnectionThatAnotherWorkersClockIsAheadOf() {
        long handle = establish(1000);
        nowNs -= 5_000_000;

        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK, 101, 501, 0));
        assertEquals(0, conntrack.sweep(worker, nowNs, 64));
    }

    @Test
    void shouldExpireByProtocolAndState() {
        create(1, FiveTuple.UDP);
        establish(2);
        nowNs += 31 * SECOND_NS;

        assertEquals(1, conntrack.sweep(worker, nowNs, 64));
        assertEquals(Conntrack.MISS, original(1, FiveTuple.UDP));
        assertTrue(original(2, FiveTuple.TCP) > 0);
        nowNs += 24 * 3600 * SECOND_NS;
        conntrack.sweep(worker, nowNs, 64);
        assertEquals(1, conntrack.sweep(worker, nowNs, 64) + worker.expired() - 1);
        assertEquals(Conntrack.MISS, original(2, FiveTuple.TCP));
    }

    @Test
    void shouldAskForANewConnectionOnAnExpiredOne() {
        long handle = create(1, FiveTuple.UDP);
        nowNs += 31 * SECOND_NS;

        assertEquals(Conntrack.TRACK_REOPEN, conntrack.track(worker, handle, segment, 0, 8, 60, nowNs));
    }

    @Test
    void shouldFollowAConnectionToItsEnd() {
        long handle = establish(1000);
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK | Tcp.PSH, 101, 501, 400));
        assertEquals(Conntrack.TRACK_OK, tcp(handle | 1, Tcp.ACK, 501, 501, 0));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.FIN | Tcp.ACK, 501, 501, 0));
        assertEquals(TcpState.FIN_WAIT, Entry.state(handle));
        assertEquals(Conntrack.TRACK_OK, tcp(handle | 1, Tcp.ACK, 501, 502, 0));
        assertEquals(TcpState.CLOSE_WAIT, Entry.state(handle));
        assertEquals(Conntrack.TRACK_OK, tcp(handle | 1, Tcp.FIN | Tcp.ACK, 501, 502, 0));
        assertEquals(TcpState.LAST_ACK, Entry.state(handle));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK, 502, 502, 0));
        assertEquals(TcpState.TIME_WAIT, Entry.state(handle));
        assertEquals(Conntrack.TRACK_REOPEN, tcp(handle, Tcp.SYN, 9000, 0, 0));
    }

    @Test
    void shouldRefuseWhatIsOutsideTheWindow() {
        long handle = establish(1000);

        assertEquals(Conntrack.TRACK_INVALID, tcp(handle, Tcp.ACK, 101 + 200_000, 501, 10));
        assertEquals(Conntrack.TRACK_INVALID, tcp(handle, Tcp.ACK, 101, 501 + 200_000, 10));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK, 101, 501, 10));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK, 101, 501, 10), "a retransmit is valid");
    }

    @Test
    void shouldRefuseAResetOfAnotherTimeAndTakeTheExactOne() {
        long handle = establish(1000);
        tcp(handle | 1, Tcp.ACK, 501, 101, 0);

        assertEquals(Conntrack.TRACK_INVALID, tcp(handle, Tcp.RST, 5, 0, 0));
        assertEquals(TcpState.ESTABLISHED, Entry.state(handle));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.RST, 101, 0, 0));
        assertEquals(TcpState.CLOSE, Entry.state(handle));
    }

    @Test
    void shouldLetAChallengeAckAndItsResetPassAndThenConnect() {
        long handle = create(1000, FiveTuple.TCP);
        tcp(handle, Tcp.SYN, 100, 0, 0);

        assertEquals(Conntrack.TRACK_OK, tcp(handle | 1, Tcp.ACK, 777_000, 5_000_000, 0));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.RST, 5_000_000, 0, 0));
        assertEquals(TcpState.SYN_SENT, Entry.state(handle));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.SYN, 100, 0, 0));
        assertEquals(Conntrack.TRACK_OK, tcp(handle | 1, Tcp.SYN | Tcp.ACK, 500, 101, 0));
        assertEquals(Conntrack.TRACK_OK, tcp(handle, Tcp.ACK, 101, 501, 0));
        assertEquals(TcpState.ESTABLISHED, Entry.state(handle));
    }

    @Test
    void shouldOpenByASynOrInTheMiddleButNotByTheRest() {
        segment.fill((byte) 0);
        for (int flags = 0; flags < 64; flags++) {
            Bytes.u8(segment, 13, flags);
            int connection = flags & ~Tcp.PSH & ~Tcp.URG;
            boolean expected = connection == Tcp.ACK || connection == Tcp.SYN;

            assertEquals(
                    expected, Conntrack.opens(FiveTuple.transport(1, 2, FiveTuple.TCP), segment, 0), "flags " + flags);
        }
    }

    @Test
    void shouldMakeOneEntryWhenTwoWorkersRace() throws InterruptedException {
        Quiescence both = new Quiescence(2);
        Conntrack table =
                new Conntrack(store2(), ConntrackConfig.defaults().withMaxEntries(40_000), 2, BACKENDS, 42, both);
        long[] made = new long[2];
        Thread[] threads = new Thread[2];
        for (int t = 0; t < 2; t++) {
            int number = t;
            threads[t] = Thread.ofPlatform().start(() -> {
                ConntrackWorker own = table.worker(number);
                both.online(number);
                for (int port = 1; port <= 20_000; port++) {
                    own.originalSourceLo = CLIENT;
                    own.originalDestinationLo = VIP;
                    own.originalTransport = FiveTuple.transport(port, 80, FiveTuple.UDP);
                    own.replySourceLo = BACKEND + number; // each chose another backend
                    own.replyDestinationLo = CLIENT;
                    own.replyTransport = FiveTuple.transport(8080, port, FiveTuple.UDP);
                    made[number] += table.create(own, 1) > 0 ? 1 : 0;
                    both.quiescent(number);
                }
                both.offline(number);
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(20_000, made[0] + made[1], "each tuple has one winner");
    }

    @Test
    void shouldReuseNothingThatTheControlThreadMayBeLookingAt() {
        use(new Conntrack(
                new AnonymousMapStore(), ConntrackConfig.defaults().withMaxEntries(1), 1, BACKENDS, 42, quiescence));
        quiescence.online(0);
        create(1000, FiveTuple.UDP);

        quiescence.online(quiescence.control());
        conntrack.forEachLive(
                1, conntrack.pagesEnd(), entry -> assertTrue(conntrack.remove(conntrack.worker(0), entry)));
        conntrack.recycle(conntrack.worker(0));
        quiescence.quiescent(0);
        conntrack.recycle(conntrack.worker(0));
        assertEquals(Conntrack.FULL, create(1001, FiveTuple.UDP), "the control thread may still look at it");
        quiescence.offline(quiescence.control());
        conntrack.recycle(conntrack.worker(0));

        assertTrue(create(1001, FiveTuple.UDP) > 0, "a worker has it now");
    }

    @Test
    void shouldSweepTheWholeTableByTheWorkersAlone() {
        Conntrack table = new Conntrack(
                store2(), ConntrackConfig.defaults().withMaxEntries(64), 2, BACKENDS, 42, new Quiescence(2));
        use(table);
        for (int port = 1; port <= 64; port++) {
            assertTrue(create(port, FiveTuple.UDP) > 0);
        }
        nowNs += 31 * SECOND_NS;

        assertEquals(32, table.sweep(table.worker(0), nowNs, 64));
        assertEquals(32, table.sweep(table.worker(1), nowNs, 64));
    }

    @Test
    void shouldMakeAPacketOfARemovedConnectionOpenAnew() {
        long handle = establish(1000);
        conntrack.remove(conntrack.worker(0), handle);

        assertEquals(Conntrack.TRACK_REOPEN, tcp(handle, Tcp.ACK, 101, 501, 0));
        assertEquals(Entry.GONE, Entry.state(handle), "no transition wins against a removal");
    }

    private static AnonymousMapStore store2() {
        return new AnonymousMapStore();
    }

    @Test
    void shouldCountEntriesAndWhatBecameOfThem() {
        long first = create(1000, FiveTuple.TCP);
        create(1001, FiveTuple.UDP);
        create(1002, FiveTuple.UDP);
        assertEquals(new ConntrackCounts(3, 64, 3, 0, 0), ConntrackCounts.of(conntrack));

        conntrack.remove(worker, first);
        nowNs += 31 * SECOND_NS;
        conntrack.sweep(worker, nowNs, 64);

        assertEquals(new ConntrackCounts(0, 64, 3, 2, 0), ConntrackCounts.of(conntrack));
    }

    @Test
    void shouldCountWhatWentToMakeRoom() {
        for (int port = 1; port <= 70; port++) {
            create(port, FiveTuple.UDP);
        }

        ConntrackCounts counts = ConntrackCounts.of(conntrack);
        assertTrue(counts.evicted() > 0, counts.toString());
        assertEquals(counts.inserted() - counts.evicted(), counts.entries());
    }
}
