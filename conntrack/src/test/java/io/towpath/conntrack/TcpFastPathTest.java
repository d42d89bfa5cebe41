package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.linux.NativeMemory;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is done for a plain ACK in one go is what all the steps come to, bit for bit. */
final class TcpFastPathTest {
    private static final int SEGMENTS = 50_000;
    private static final int[] NOTHING = {};
    private static final int[] SCALE_7 = {3, 3, 7, 1};
    private static final int[] SACK_PERMITTED = {4, 2, 1, 1};

    private final Random random = new Random(1);

    @ParameterizedTest(name = "scale {0}, SACK {1}, liberal {2}")
    @CsvSource({"false, false, false", "true, false, false", "false, true, false", "false, false, true"})
    void shouldAgreeWithTheWholeWay(boolean scale, boolean sack, boolean liberal) {
        try (AnonymousMapStore store = new AnonymousMapStore();
                Arena arena = Arena.ofConfined()) {
            ConntrackWorker worker = new ConntrackWorker(0);
            TcpTracker tracker = new TcpTracker(new BackendConnections(store, 1, 2), liberal);
            MemorySegment fast = arena.allocate(Entry.IPV4_BYTES, 64);
            MemorySegment whole = arena.allocate(Entry.IPV4_BYTES, 64);
            MemorySegment segment = arena.allocate(64);
            establish(tracker, worker, whole.address(), segment, scale ? SCALE_7 : sack ? SACK_PERMITTED : NOTHING);
            int[] next = {1, 1};
            int passed = 0;
            for (int i = 0; i < SEGMENTS; i++) {
                fast.copyFrom(whole);
                int direction = random.nextInt(2);
                int payload = random.nextInt(4) == 0 ? 0 : random.nextInt(3000);
                int sequence = next[direction] + strayed();
                int ack = next[1 - direction] + strayed();
                int length = write(segment, Tcp.ACK, sequence, ack, window(), NOTHING) + payload;

                boolean passes = TcpWindow.passes(fast.address(), direction, segment, 0, length);
                if (!passes) {
                    assertEquals(-1, fast.mismatch(whole), "nothing is changed");
                }
                int state = Entry.state(whole.address());
                int result = tracker.track(worker, whole.address(), direction, state, segment, 0, length);
                next[direction] = NativeMemory.getInt(TcpRecord.window(whole.address(), direction) + TcpRecord.END);
                if (passes) {
                    passed++;
                    assertEquals(Conntrack.TRACK_OK, result);
                    assertEquals(-1, fast.mismatch(whole), "segment " + i);
                }
            }
            assertTrue(passed > SEGMENTS / 10 && passed < SEGMENTS, passed + " passed");
        }
    }

    /** Small ones and none at all, too. */
    private int window() {
        return random.nextInt(1 << random.nextInt(17));
    }

    /** Mostly 0, at times near, at times far away. */
    private int strayed() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt(-4_000, 4_000);
            case 1 -> random.nextInt(-200_000, 200_000);
            case 2 -> random.nextInt(50) == 0 ? random.nextInt() : 0;
            default -> 0;
        };
    }

    private static void establish(
            TcpTracker tracker, ConntrackWorker worker, long entry, MemorySegment segment, int[] options) {
        worker.originalTransport = FiveTuple.transport(40_000, 80, FiveTuple.TCP);
        worker.replyTransport = FiveTuple.transport(80, 40_000, FiveTuple.TCP);
        Entry.begin(entry, false, worker, 1);
        Entry.lifeRelease(entry, Entry.LIVE);
        handshake(tracker, worker, entry, 0, segment, write(segment, Tcp.SYN, 0, 0, 65_535, options));
        handshake(tracker, worker, entry, 1, segment, write(segment, Tcp.SYN | Tcp.ACK, 0, 1, 65_535, options));
        Entry.addStatus(entry, Entry.SEEN_REPLY);
        handshake(tracker, worker, entry, 0, segment, write(segment, Tcp.ACK, 1, 1, 65_535, NOTHING));
        assertTrue(Entry.isEstablishedTcp(Entry.word(entry)));
    }

    private static void handshake(
            TcpTracker tracker, ConntrackWorker worker, long entry, int direction, MemorySegment segment, int length) {
        int state = Entry.state(entry);
        assertEquals(Conntrack.TRACK_OK, tracker.track(worker, entry, direction, state, segment, 0, length));
    }

    /** Returns the length of the header. */
    private static int write(MemorySegment segment, int flags, int sequence, int ack, int window, int[] options) {
        int header = Tcp.MIN_HEADER_LENGTH + options.length;
        segment.fill((byte) 0);
        Bytes.i32(segment, 4, sequence);
        Bytes.i32(segment, 8, ack);
        Bytes.u8(segment, 12, header / 4 << 4);
        Bytes.u8(segment, 13, flags);
        Bytes.u16(segment, 14, window);
        for (int i = 0; i < options.length; i++) {
            Bytes.u8(segment, Tcp.MIN_HEADER_LENGTH + i, options[i]);
        }
        return header;
    }
}
