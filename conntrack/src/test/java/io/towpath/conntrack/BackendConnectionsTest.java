package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BackendConnectionsTest {
    private static final long CLIENT = Address.parse("10.0.0.1").lo();
    private static final long VIP = Address.parse("10.96.0.1").lo();
    private static final int BACKENDS = 4;
    private static final int PORTS = 3;
    private static final int STEPS = 150_000;
    private static final int[] FLAGS = {Tcp.SYN, Tcp.ACK, Tcp.ACK, Tcp.ACK, Tcp.FIN | Tcp.ACK, Tcp.RST};

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(2);
    /** Liberal, so that segments of any sequence number bring a connection on. */
    private final Conntrack conntrack = new Conntrack(
            store, new ConntrackConfig(2 * PORTS, true, 86_400, 3_600, 30, 120), 2, BACKENDS, 42, quiescence);

    @AfterEach
    void tearDown() {
        store.close();
    }

    private static void arguments(ConntrackWorker worker, int port, int backend, int protocol) {
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = FiveTuple.transport(port, 80, protocol);
        worker.replySourceLo = VIP + backend;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = FiveTuple.transport(80, port, protocol);
        worker.backendId = backend;
    }

    private long find(int port) {
        long transport = FiveTuple.transport(port, 80, FiveTuple.TCP);
        return conntrack
                .index()
                .lookup(conntrack.index().hash(0, CLIENT, 0, VIP, transport), 0, CLIENT, 0, VIP, transport);
    }

    private int tcp(ConntrackWorker worker, long handle, MemorySegment frame, int flags) {
        frame.fill((byte) 0);
        Bytes.u8(frame, 12, 5 << 4);
        Bytes.u8(frame, 13, flags);
        Bytes.u16(frame, 14, 1000);
        return conntrack.track(worker, handle, frame, 0, 20, 54, 1);
    }

    @Test
    void shouldCountAConnectionFromItsCreationToItsRemoval() {
        ConntrackWorker worker = conntrack.worker(0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(64);
            arguments(worker, 1, 3, FiveTuple.TCP);
            long handle = conntrack.create(worker, 1);
            tcp(worker, handle, frame, Tcp.SYN);
            assertCounts(3, 0, 1);
            tcp(worker, handle | 1, frame, Tcp.SYN | Tcp.ACK);
            assertCounts(3, 0, 1);
            tcp(worker, handle, frame, Tcp.ACK);
            assertCounts(3, 1, 1);
            tcp(worker, handle, frame, Tcp.FIN | Tcp.ACK);
            assertCounts(3, 0, 1);
            conntrack.remove(worker, handle);
            assertCounts(3, 0, 0);
        }
    }

    @Test
    void shouldCountAUdpExchangeAsActiveAndAPlainConnectionNotAtAll() {
        ConntrackWorker worker = conntrack.worker(1);
        arguments(worker, 1, 2, FiveTuple.UDP);
        long handle = conntrack.create(worker, 1);
        arguments(worker, 2, 0, FiveTuple.UDP);
        conntrack.create(worker, 1);

        assertCounts(2, 1, 1);
        assertCounts(0, 0, 0);
        conntrack.remove(conntrack.worker(0), handle);
        assertCounts(2, 0, 0);
    }

    private void assertCounts(int backend, long active, long all) {
        assertEquals(active, conntrack.activeConnections(backend));
        assertEquals(all, conntrack.connections(backend));
    }

    @Test
    void shouldStayExactWhenWorkersRaceForTransitionsAndRemovals() throws InterruptedException {
        Thread[] threads = new Thread[2];
        for (int number = 0; number < 2; number++) {
            ConntrackWorker worker = conntrack.worker(number);
            threads[number] = Thread.ofPlatform().start(() -> play(worker));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        long[] active = new long[BACKENDS];
        long[] all = new long[BACKENDS];
        conntrack.forEachLive(1, conntrack.pagesEnd(), entry -> {
            int backend = Entry.backendId(entry);
            all[backend]++;
            active[backend] += Entry.state(entry) == TcpState.ESTABLISHED ? 1 : 0;
        });
        for (int backend = 1; backend < BACKENDS; backend++) {
            assertCounts(backend, active[backend], all[backend]);
        }
    }

    /** Creates, moves on and removes connections of few tuples, so that both threads mostly have the same one. */
    private void play(ConntrackWorker worker) {
        Random random = new Random(worker.number());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(64);
            quiescence.online(worker.number());
            for (int step = 0; step < STEPS; step++) {
                int port = 1 + random.nextInt(PORTS);
                long handle = find(port);
                if (handle < 0) {
                    arguments(worker, port, 1 + random.nextInt(BACKENDS - 1), FiveTuple.TCP);
                    conntrack.create(worker, 1);
                } else if (random.nextInt(64) == 0
                        || tcp(worker, handle | random.nextInt(2), frame, FLAGS[random.nextInt(FLAGS.length)])
                                == Conntrack.TRACK_REOPEN) {
                    conntrack.remove(worker, handle);
                }
                quiescence.quiescent(worker.number());
            }
            quiescence.offline(worker.number());
        }
    }
}
