package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A SYN that begins its direction anew after the other side has acknowledged the one before. The state is that of the SYN's worker, which
 * read it before another worker had the answer.
 */
final class TcpWindowTest {
    private static final int CLIENT = 0;
    private static final int SERVER = 1;
    private static final int FIRST_SYN = 1_000_000;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment segment = arena.allocate(Tcp.MIN_HEADER_LENGTH);
    private final long entry = arena.allocate(Entry.IPV4_BYTES, 64).address();
    private final TcpWindow window = new TcpWindow(false);

    @BeforeEach
    void answerTheFirstSyn() {
        ConntrackWorker worker = new ConntrackWorker(0);
        worker.originalTransport = FiveTuple.transport(40_000, 80, FiveTuple.TCP);
        worker.replyTransport = FiveTuple.transport(80, 40_000, FiveTuple.TCP);
        Entry.begin(entry, false, worker, 1);
        pass(CLIENT, TcpState.SYN_SENT, Tcp.SYN, FIRST_SYN, 0, 0);
        pass(SERVER, TcpState.SYN_SENT, Tcp.SYN | Tcp.ACK, 500, FIRST_SYN + 1, 0);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private void pass(int direction, int state, int flags, int sequence, int ack, int payload) {
        Bytes.i32(segment, 4, sequence);
        Bytes.i32(segment, 8, ack);
        Bytes.u8(segment, 12, Tcp.MIN_HEADER_LENGTH / 4 << 4);
        Bytes.u8(segment, 13, flags);
        Bytes.u16(segment, 14, 65_535);
        int length = Tcp.MIN_HEADER_LENGTH + payload;
        assertEquals(Conntrack.TRACK_OK, window.check(entry, direction, state, segment, 0, length));
    }

    private void assertUnacknowledged(boolean expected) {
        assertEquals(expected, TcpRecord.isUnacknowledged(entry));
    }

    @Test
    void shouldNotMeasureASynAheadByWhatWasAcknowledgedBefore() {
        pass(CLIENT, TcpState.SYN_SENT, Tcp.SYN, FIRST_SYN + 50_000, 0, 0);

        assertUnacknowledged(false);
    }

    @Test
    void shouldKnowWhatIsUnacknowledgedBehindASynThatIsBehind() {
        pass(CLIENT, TcpState.SYN_SENT, Tcp.SYN, 5_000, 0, 0);
        pass(SERVER, TcpState.SYN_RECV, Tcp.ACK, 501, 5_001, 0);
        assertUnacknowledged(false);

        pass(CLIENT, TcpState.ESTABLISHED, Tcp.ACK, 5_001, 501, 100);
        assertUnacknowledged(true);

        pass(SERVER, TcpState.ESTABLISHED, Tcp.ACK, 501, 5_101, 0);
        assertUnacknowledged(false);
    }

    @Test
    void shouldKeepTheOptionsOfTheAnswerWhenTheSameSynComesAgain() {
        int options = TcpRecord.SCALE_SENT | TcpRecord.SACK_SENT | 7;
        TcpRecord.flags(entry, SERVER, options | TcpRecord.MAX_ACK_VALID);

        pass(CLIENT, TcpState.SYN_SENT, Tcp.SYN, FIRST_SYN, 0, 0);

        assertEquals(options, TcpRecord.flags(entry, SERVER));
    }
}
