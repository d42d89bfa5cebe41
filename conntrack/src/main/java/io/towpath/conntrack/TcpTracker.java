package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.wire.Tcp;
import java.lang.foreign.MemorySegment;

/**
 * Follows TCP connections by {@link TcpState} and {@link TcpWindow}, with the exceptions that net/netfilter/nf_conntrack_proto_tcp.c
 * ({@code nf_conntrack_tcp_packet}) makes for ends that know more than we do.
 *
 * <p>Two things are on purpose not the kernel's: a SYN on a connection that is over always begins a new one, whoever ended it; and the reset
 * that answers a challenge ACK to a SYN leaves the entry as it is, so that the SYN that follows reaches the same backend.
 */
final class TcpTracker {
    private static final int FLAGS_CHECKED = Tcp.FIN | Tcp.SYN | Tcp.RST | Tcp.ACK | Tcp.URG;
    /** A bit for each combination of those flags that an end may send; the kernel's {@code tcp_valid_flags}. */
    private static final long VALID_FLAGS = 1L << Tcp.SYN
            | 1L << (Tcp.SYN | Tcp.URG)
            | 1L << (Tcp.SYN | Tcp.ACK)
            | 1L << Tcp.RST
            | 1L << (Tcp.RST | Tcp.ACK)
            | 1L << (Tcp.FIN | Tcp.ACK)
            | 1L << (Tcp.FIN | Tcp.ACK | Tcp.URG)
            | 1L << Tcp.ACK
            | 1L << (Tcp.ACK | Tcp.URG);

    private final BackendConnections connections;
    private final TcpWindow window;

    TcpTracker(BackendConnections connections, boolean liberal) {
        this.connections = connections;
        this.window = new TcpWindow(liberal);
    }

    private static boolean hasValidFlags(int flags) {
        return (VALID_FLAGS >>> (flags & FLAGS_CHECKED) & 1) != 0;
    }

    /** Returns whether a segment may begin an entry: a SYN, or a plain ACK of a connection older than the table (loose pick-up). */
    static boolean opens(int flags) {
        int kind = TcpState.kind(flags);
        return hasValidFlags(flags) && (kind == TcpState.KIND_SYN || kind == TcpState.KIND_ACK);
    }

    /** Checks a segment against the connection and moves it on. Returns one of {@link Conntrack}'s or {@link Tracker}'s results. */
    int track(
            ConntrackWorker worker, long entry, int direction, int state, MemorySegment frames, long l4, int l4Length) {
        int flags = Tcp.flags(frames, l4);
        int kind = TcpState.kind(flags);
        int next = TcpState.next(direction, kind, state);
        if (next == TcpState.INVALID || !hasValidFlags(flags)) {
            return Conntrack.TRACK_INVALID;
        }
        if (kind == TcpState.KIND_RST) {
            return reset(worker, entry, direction, state, frames, l4, l4Length);
        }
        if (next == TcpState.SYN_SENT && state >= TcpState.TIME_WAIT) {
            return Conntrack.TRACK_REOPEN;
        }
        int checked = state;
        if (next == TcpState.IGNORE) {
            if (!answersIgnoredSyn(entry, direction, kind, frames, l4)) {
                ignore(entry, direction, kind, state, frames, l4, l4Length);
                return Tracker.PASS;
            }
            resume(entry, direction);
            checked = TcpState.SYN_SENT;
            next = TcpState.SYN_RECV;
        } else if (next == TcpState.TIME_WAIT && state == TcpState.LAST_ACK && isChallenge(entry, direction, kind)) {
            return Tracker.PASS; // it does not acknowledge the FIN
        } else if (next == TcpState.SYN_RECV && kind == TcpState.KIND_ACK && isSimultaneous(entry)) {
            next = TcpState.ESTABLISHED;
        }
        int result = window.check(entry, direction, checked, frames, l4, l4Length);
        return result == Conntrack.TRACK_OK
                ? accept(worker, entry, direction, kind, state, next, frames, l4, l4Length)
                : result;
    }

    private int accept(
            ConntrackWorker worker,
            long entry,
            int direction,
            int kind,
            int state,
            int next,
            MemorySegment frames,
            long l4,
            int l4Length) {
        if (next != state && !connections.changeState(worker, entry, state, next)) {
            return Tracker.AGAIN;
        }
        TcpRecord.record(
                entry,
                kind,
                direction,
                Tcp.sequence(frames, l4),
                Tcp.acknowledgment(frames, l4),
                TcpWindow.end(frames, l4, l4Length),
                Tcp.window(frames, l4));
        if (next == TcpState.SYN_SENT2) {
            TcpRecord.last(entry, TcpRecord.last(entry) | TcpRecord.LAST_SIMULTANEOUS);
        }
        if ((Entry.status(entry) & Entry.SEEN_REPLY) == 0) {
            if (kind == TcpState.KIND_RST) {
                return Tracker.LAST; // there never was a connection
            }
            // A client that goes on asking must not keep an entry whose backend does not answer.
            return kind == TcpState.KIND_SYN && state == TcpState.SYN_SENT && direction == 0
                    ? Tracker.PASS
                    : Conntrack.TRACK_OK;
        }
        if (next == TcpState.ESTABLISHED && (state == TcpState.SYN_RECV || state == TcpState.ESTABLISHED)) {
            Entry.addStatus(entry, Entry.ASSURED);
        }
        return Conntrack.TRACK_OK;
    }

    private int reset(
            ConntrackWorker worker, long entry, int direction, int state, MemorySegment frames, long l4, int l4Length) {
        int last = TcpRecord.last(entry);
        int next = TcpState.CLOSE;
        int result = Conntrack.TRACK_OK;
        boolean closing = state >= TcpState.FIN_WAIT && state != TcpState.SYN_SENT2;
        if (!closing) { // later the ends may have forgotten the connection, or use its tuple anew: our numbers say
            // nothing
            if (state == TcpState.SYN_SENT && direction == 0 && answersChallenge(entry, last, frames, l4)) {
                return Tracker.PASS;
            }
            next = stateAfterReset(entry, direction, state, last, Tcp.sequence(frames, l4));
            if (next == TcpState.INVALID) {
                return Conntrack.TRACK_INVALID;
            }
            if (!answersIgnored(entry, last, frames, l4)) {
                result = window.check(entry, direction, state, frames, l4, l4Length);
            }
        }
        return result == Conntrack.TRACK_OK
                ? accept(worker, entry, direction, TcpState.KIND_RST, state, next, frames, l4, l4Length)
                : result;
    }

    /** A reset closes if it is what the peer expects next; what is merely near leaves it to the peer to ask back (RFC 5961 section 3.2). */
    private int stateAfterReset(long entry, int direction, int state, int last, int sequence) {
        boolean established = state == TcpState.ESTABLISHED && (Entry.status(entry) & Entry.ASSURED) != 0;
        boolean comparable = (TcpRecord.flags(entry, 1 - direction) & TcpRecord.MAX_ACK_VALID) != 0
                && TcpRecord.lastKind(last) != TcpState.KIND_SYN;
        if (!comparable || sequence == 0 && !established) {
            return TcpState.CLOSE;
        }
        int expected = TcpRecord.maxAck(entry, 1 - direction);
        if (sequence - expected < 0) {
            return TcpState.INVALID;
        }
        return !established || sequence == expected || followsLast(entry, last, direction, sequence)
                ? TcpState.CLOSE
                : state;
    }

    /** Returns whether a reset comes right behind its sender's last segment. */
    private boolean followsLast(long entry, int last, int direction, int sequence) {
        return TcpRecord.lastKind(last) == TcpState.KIND_ACK
                && TcpRecord.lastDirection(last) == direction
                && sequence == TcpRecord.lastEnd(entry);
    }

    /** Returns whether a reset refuses a SYN or an ACK that passed although it did not fit. */
    private boolean answersIgnored(long entry, int last, MemorySegment frames, long l4) {
        int status = Entry.status(entry);
        int kind = TcpRecord.lastKind(last);
        boolean ignored = kind == TcpState.KIND_SYN && (status & Entry.SEEN_REPLY) != 0
                || kind == TcpState.KIND_ACK && (status & Entry.ASSURED) == 0;
        return ignored && Tcp.acknowledgment(frames, l4) == TcpRecord.lastEnd(entry);
    }

    /** Returns whether a client's reset clears the peer's old connection, after a challenge ACK to its SYN. */
    private boolean answersChallenge(long entry, int last, MemorySegment frames, long l4) {
        return TcpRecord.lastKind(last) == TcpState.KIND_ACK
                && TcpRecord.lastDirection(last) == 1
                && Tcp.sequence(frames, l4) == TcpRecord.lastAck(entry);
    }

    /** Returns whether an ACK in LAST_ACK challenges a SYN that passed just before. */
    private boolean isChallenge(long entry, int direction, int kind) {
        int last = TcpRecord.last(entry);
        return kind == TcpState.KIND_ACK
                && TcpRecord.lastKind(last) == TcpState.KIND_SYN
                && TcpRecord.lastDirection(last) != direction
                && (last & TcpRecord.LAST_EXPECTS_CHALLENGE) != 0;
    }

    private boolean isSimultaneous(long entry) {
        return (TcpRecord.last(entry) & TcpRecord.LAST_SIMULTANEOUS) != 0;
    }

    /** Returns whether a SYN-ACK shows that the ends agree on the SYN that passed just before although it did not fit. */
    private boolean answersIgnoredSyn(long entry, int direction, int kind, MemorySegment frames, long l4) {
        int last = TcpRecord.last(entry);
        return kind == TcpState.KIND_SYN_ACK
                && TcpRecord.lastKind(last) == TcpState.KIND_SYN
                && TcpRecord.lastDirection(last) != direction
                && Tcp.acknowledgment(frames, l4) == TcpRecord.lastEnd(entry);
    }

    /** Takes over what the ignored SYN said, as if it had begun the connection. */
    private void resume(long entry, int direction) {
        int last = TcpRecord.last(entry);
        int end = TcpRecord.lastEnd(entry);
        long opener = TcpRecord.window(entry, 1 - direction);
        NativeMemory.setInt(opener + TcpRecord.END, end);
        NativeMemory.setInt(opener + TcpRecord.MAX_END, end);
        TcpRecord.maxWindow(entry, 1 - direction, Math.max(TcpRecord.lastWindow(last), 1));
        TcpRecord.flags(entry, 1 - direction, TcpRecord.lastScale(last));
    }

    /** Keeps what an ignored segment says, in case the other end agrees with it. */
    private void ignore(long entry, int direction, int kind, int state, MemorySegment frames, long l4, int l4Length) {
        boolean opening = kind == TcpState.KIND_SYN && direction == 0;
        int scale = opening ? TcpWindow.scaleWord(Tcp.synOptions(frames, l4)) : 0;
        int word = TcpRecord.packLast(kind, direction, scale, Tcp.window(frames, l4));
        if (opening) {
            word |= state == TcpState.LAST_ACK ? TcpRecord.LAST_EXPECTS_CHALLENGE : 0;
        } else {
            word |= TcpRecord.last(entry) & TcpRecord.LAST_SIMULTANEOUS;
        }
        TcpRecord.last(entry, word);
        TcpRecord.lastSegment(
                entry, Tcp.sequence(frames, l4), Tcp.acknowledgment(frames, l4), TcpWindow.end(frames, l4, l4Length));
    }
}
