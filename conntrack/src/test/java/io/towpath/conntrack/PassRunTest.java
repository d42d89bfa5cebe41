package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where a run of plain segments of established connections ends. */
final class PassRunTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int FRAME_BYTES = 64;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofConfined();
    private final Burst burst = new Burst(arena.allocate((long) Burst.LIMIT * FRAME_BYTES));
    private final Conntrack conntrack =
            new Conntrack(store, ConntrackConfig.defaults().withMaxEntries(64), 1, 2, 42, new Quiescence(1));
    private final ConntrackWorker worker = conntrack.worker(0);
    private final List<Long> handles = new ArrayList<>();
    private long nowNs = 1_000 * SECOND_NS;
    private long connection;

    @BeforeEach
    void establish() {
        connection = create(FiveTuple.TCP);
        assertEquals(Conntrack.TRACK_OK, track(connection, Tcp.SYN, 100, 0));
        assertEquals(Conntrack.TRACK_OK, track(connection | 1, Tcp.SYN | Tcp.ACK, 500, 101));
        assertEquals(Conntrack.TRACK_OK, track(connection, Tcp.ACK, 101, 501));
        assertEquals(Conntrack.TRACK_OK, track(connection | 1, Tcp.ACK, 501, 101));
    }

    @AfterEach
    void close() {
        store.close();
        arena.close();
    }

    private long create(int protocol) {
        worker.originalSourceLo = Address.parse("10.0.0.1").lo();
        worker.originalDestinationLo = Address.parse("10.96.0.1").lo();
        worker.originalTransport = FiveTuple.transport(1000, 80, protocol);
        worker.replySourceLo = worker.originalDestinationLo;
        worker.replyDestinationLo = worker.originalSourceLo;
        worker.replyTransport = FiveTuple.reverse(worker.originalTransport);
        return conntrack.create(worker, nowNs);
    }

    private int track(long handle, int flags, int sequence, int acknowledgment) {
        burst.clear();
        add(handle, flags, sequence, acknowledgment);
        handles.clear();
        return conntrack.track(worker, handle, burst.frames, burst.l4(0), burst.l4Length(0), burst.length(0), nowNs);
    }

    private void add(long handle, int flags, int sequence, int acknowledgment) {
        int i = burst.count;
        long l4 = (long) i * FRAME_BYTES;
        burst.add(0, i, l4, 54);
        burst.l4(i, l4);
        burst.l4Length(i, Tcp.MIN_HEADER_LENGTH);
        Bytes.i32(burst.frames, l4 + 4, sequence);
        Bytes.i32(burst.frames, l4 + 8, acknowledgment);
        Bytes.i32(burst.frames, l4 + 12, 5 << 28 | flags << 16 | 65_000);
        handles.add(handle);
    }

    private int passFrom(int from) {
        long[] ofBurst = handles.stream().mapToLong(Long::longValue).toArray();
        return conntrack.passRun(burst, ofBurst, from, nowNs);
    }

    private void begin() {
        burst.clear();
        handles.clear();
    }

    @Test
    void shouldEndBeforeTheFirstSegmentThatTakesACloserLook() {
        begin();
        add(connection, Tcp.ACK, 101, 501);
        add(connection | 1, Tcp.ACK | Tcp.PSH, 501, 101);
        add(connection, Tcp.ACK | Tcp.FIN, 101, 501);
        add(connection, Tcp.ACK, 101, 501);
        add(connection, Tcp.ACK, 101 + 1_000_000, 501);
        add(-1, Tcp.ACK, 101, 501);

        assertEquals(2, passFrom(0));
        assertEquals(2, passFrom(2));
        assertEquals(4, passFrom(3), "beyond the window");
        assertEquals(5, passFrom(5), "no connection");
        assertEquals(6, passFrom(6), "the end");
    }

    @Test
    void shouldLeaveTheCountToTheCaller() {
        long before = Entry.packets(connection, 1);
        long bytes = Entry.bytes(connection, 1);
        begin();
        add(connection | 1, Tcp.ACK, 501, 101);
        assertEquals(1, passFrom(0));
        assertEquals(before, Entry.packets(connection, 1));

        Conntrack.count(connection | 1, 54);
        assertEquals(before + 1, Entry.packets(connection, 1));
        assertEquals(bytes + 54, Entry.bytes(connection, 1));
    }

    @Test
    void shouldRefreshTheConnection() {
        begin();
        add(connection, Tcp.ACK, 101, 501);
        nowNs += SECOND_NS / 2;
        assertEquals(1, passFrom(0));

        assertEquals(0, Entry.idleNs(connection, nowNs));
    }

    @Test
    void shouldPassNothingOfAConnectionThatAnEarlierPacketEnded() {
        begin();
        add(connection, Tcp.ACK, 101, 501);
        assertTrue(conntrack.remove(worker, connection));

        assertEquals(0, passFrom(0));
    }

    @Test
    void shouldPassNothingOfAConnectionThatWasIdle() {
        begin();
        add(connection, Tcp.ACK, 101, 501);
        nowNs += 3 * SECOND_NS;

        assertEquals(0, passFrom(0), "it may be expired: that is for a closer look");
    }
}
