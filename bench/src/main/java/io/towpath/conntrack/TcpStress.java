package io.towpath.conntrack;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.linux.NativeMemory;
import io.towpath.nat.ServiceMaps;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** Both directions of a TCP connection on two workers: each updates the one record that the entry has. */
public final class TcpStress {
    private static final int RIGHT = 1;
    private static final int WRONG = 9;

    private static final int WINDOW = 65_000;
    private static final int PAYLOAD = 100;
    private static final int CLIENT_NEXT = 201;
    private static final int SERVER_NEXT = 501;

    private static final StressTable TABLE = new StressTable(1 << 18);
    private static final AtomicLong NUMBERS = new AtomicLong();

    private static final Segment SYN = new Segment(Tcp.SYN, 100, 0, 0);
    private static final Segment SYN_ACK = new Segment(Tcp.SYN | Tcp.ACK, 500, 101, 0);
    private static final Segment FIRST_DATA = new Segment(Tcp.ACK, 101, SERVER_NEXT, PAYLOAD);
    private static final Segment MORE_DATA = new Segment(Tcp.ACK, CLIENT_NEXT, SERVER_NEXT, PAYLOAD);
    private static final Segment ANSWER = new Segment(Tcp.ACK, SERVER_NEXT, CLIENT_NEXT, PAYLOAD);
    private static final Segment CLIENT_FIN = new Segment(Tcp.FIN | Tcp.ACK, CLIENT_NEXT, SERVER_NEXT, 0);
    private static final Segment SERVER_FIN = new Segment(Tcp.FIN | Tcp.ACK, SERVER_NEXT, CLIENT_NEXT, 0);

    private TcpStress() {}

    /** A segment's bytes. */
    record Segment(MemorySegment bytes, int length) {
        Segment(int flags, int sequence, int acknowledgment, int payload) {
            this(Arena.global().allocate(Tcp.MIN_HEADER_LENGTH, 8), Tcp.MIN_HEADER_LENGTH + payload);
            Bytes.i32(bytes, 4, sequence);
            Bytes.i32(bytes, 8, acknowledgment);
            Bytes.u8(bytes, 12, Tcp.MIN_HEADER_LENGTH / 4 << 4);
            Bytes.u8(bytes, 13, flags);
            Bytes.u16(bytes, 14, WINDOW);
        }
    }

    /** A connection that is established; the client's first data is not acknowledged yet. */
    static class Established {
        final long number = NUMBERS.incrementAndGet();
        final long handle = establish(number);
        /** Of this connection alone among those that live at the same time. */
        final int backendId = Entry.backendId(handle);

        static long establish(long number) {
            synchronized (TABLE) {
                long created = TABLE.create(StressTable.HOUSEKEEPER, number, 1, 1, FiveTuple.TCP, 0);
                if (created < 0) {
                    throw new IllegalStateException("the table of the stress test is full");
                }
                track(StressTable.HOUSEKEEPER, created, SYN);
                track(StressTable.HOUSEKEEPER, created | 1, SYN_ACK);
                track(StressTable.HOUSEKEEPER, created, FIRST_DATA);
                return created;
            }
        }

        private static int track(int worker, long handle, Segment segment) {
            return TABLE.conntrack.track(
                    TABLE.conntrack.worker(worker), handle, segment.bytes, 0, segment.length, segment.length, 0);
        }

        /** A segment of a direction on a worker, which ends its turn then. Returns what it was told. */
        final int turn(int worker, int direction, Segment segment) {
            int result = track(worker, handle | direction, segment);
            TABLE.endTurn(worker);
            return result;
        }

        final long active() {
            return TABLE.conntrack.activeConnections(backendId);
        }

        /** Takes the connection out, if it is there. */
        final void clear() {
            TABLE.clear(handle);
        }
    }

    /**
     * Data of the client passes an answer with data and the acknowledgment of what was sent before. Results: what each was told; whether
     * the windows are right; 1 where it is lost that data is unacknowledged, and 2 where a race mixed up the last segment.
     */
    @JCStressTest
    @Outcome(id = "0, 0, 1, 0", expect = ACCEPTABLE, desc = "As if one had come after the other.")
    @Outcome(
            id = "0, 0, 1, 2",
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "Both directions write the last segment. It shortens time-outs and judges resets; the next segment puts it right.")
    @Outcome(
            expect = FORBIDDEN,
            desc =
                    "A segment that fits is refused, or a window's edge or an acknowledgment is lost though one direction alone moves it: later segments would be refused.")
    @State
    public static class BothDirections extends Established {
        @Actor
        public void client(IIII_Result r) {
            r.r1 = turn(0, 0, MORE_DATA);
        }

        @Actor
        public void server(IIII_Result r) {
            r.r2 = turn(1, 1, ANSWER);
        }

        @Arbiter
        public void after(IIII_Result r) {
            r.r3 = areWindowsRight() ? RIGHT : WRONG;
            r.r4 = (TcpRecord.isUnacknowledged(handle) ? 0 : 1) + (isLastMixed() ? 2 : 0);
            clear();
        }

        private boolean areWindowsRight() {
            return word(0, TcpRecord.END) == CLIENT_NEXT + PAYLOAD
                    && word(1, TcpRecord.END) == SERVER_NEXT + PAYLOAD
                    && word(0, TcpRecord.MAX_END) == CLIENT_NEXT + WINDOW
                    && word(1, TcpRecord.MAX_END) == SERVER_NEXT + WINDOW
                    && TcpRecord.maxAck(handle, 0) == SERVER_NEXT
                    && TcpRecord.maxAck(handle, 1) == CLIENT_NEXT
                    && Entry.state(handle) == TcpState.ESTABLISHED
                    && Entry.status(handle) == (Entry.SEEN_REPLY | Entry.ASSURED);
        }

        private int word(int direction, int offset) {
            return NativeMemory.getInt(TcpRecord.window(handle, direction) + offset);
        }

        private boolean isLastMixed() {
            boolean reply = TcpRecord.lastDirection(TcpRecord.last(handle)) == 1;
            int sequence = reply ? SERVER_NEXT : CLIENT_NEXT;
            return TcpRecord.lastSequence(handle) != sequence || TcpRecord.lastEnd(handle) != sequence + PAYLOAD;
        }
    }

    /** Both ends close at once. Results: what each was told; the state that follows; connections of the backend that count as active. */
    @JCStressTest
    @Outcome(
            id = "0, 0, 6, 0",
            expect = ACCEPTABLE,
            desc = "LAST_ACK, whichever came first; the backend was told of one end.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "A FIN changed nothing: the entry would stay for a day; or the backend's end was counted twice.")
    @State
    public static class BothFins extends Established {
        @Actor
        public void client(IIII_Result r) {
            r.r1 = turn(0, 0, CLIENT_FIN);
        }

        @Actor
        public void server(IIII_Result r) {
            r.r2 = turn(1, 1, SERVER_FIN);
        }

        @Arbiter
        public void after(IIII_Result r) {
            r.r3 = Entry.state(handle);
            r.r4 = (int) active();
            clear();
        }
    }

    /** A connection is removed while its end begins. Results: removed; what the segment was told; what the backend has left of it. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 0", "1, 2, 0"},
            expect = ACCEPTABLE,
            desc =
                    "The segment passes, or begins anew. The backend's connections are counted down once, by whoever ended which state.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "A state follows the last one, or a difference is counted twice: the sums would be wrong for ever.")
    @State
    public static class RemoveAgainstFin extends Established {
        /** Another connection of the backend, which stays: sums are never returned as less than 0. */
        private final long witness = establish(number + ServiceMaps.BACKENDS);

        @Actor
        public void remover(III_Result r) {
            r.r1 = TABLE.conntrack.remove(TABLE.conntrack.worker(0), handle) ? 1 : 0;
            TABLE.endTurn(0);
        }

        @Actor
        public void client(III_Result r) {
            r.r2 = turn(1, 0, CLIENT_FIN);
        }

        @Arbiter
        public void after(III_Result r) {
            r.r3 = active() == 1 && TABLE.conntrack.connections(backendId) == 1 ? 0 : WRONG;
            TABLE.clear(witness);
        }
    }
}
