package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.towpath.wire.Tcp;
import java.lang.foreign.MemorySegment;

/**
 * Follows TCP connections: state by {@link TcpState}, and the window check of Guido van Rooij, "Real Stateful TCP Packet Filtering in IP
 * Filter" (2000), as net/netfilter/nf_conntrack_proto_tcp.c ({@code tcp_in_window}) does it. Sequence numbers compare modulo 2^32.
 */
final class TcpTracker {
    /** Offsets in a direction's record. */
    private static final int END = 0;

    private static final int MAX_END = 4;
    private static final int MAX_WINDOW = 8;
    private static final int SCALE = 12;

    private static final int SCALE_SENT = 1 << 8;
    private static final int SACK_SENT = 1 << 9;
    private static final int MAX_ACK_VALID = 1 << 10;
    private static final int SCALE_MASK = 0xFF;

    /** How far an acknowledgment may lag behind: the kernel's MAXACKWINCONST. */
    private static final int ACK_LAG_MIN = 66_000;

    private final BackendConnections connections;
    private final boolean liberal;

    TcpTracker(BackendConnections connections, boolean liberal) {
        this.connections = connections;
        this.liberal = liberal;
    }

    /** Returns whether a segment may begin an entry: a SYN, or a plain ACK of a connection older than the table (loose pick-up). */
    static boolean opens(int flags) {
        int kind = TcpState.kind(flags);
        return kind == TcpState.KIND_SYN || kind == TcpState.KIND_ACK;
    }

    /** Checks a segment against the connection and moves it on. Returns one of {@link Conntrack}'s TRACK constants, or {@link Tracker#AGAIN}. */
    int track(
            ConntrackWorker worker,
            MemorySegment entries,
            long entry,
            int direction,
            int state,
            MemorySegment frames,
            long l4,
            int l4Length) {
        int flags = Tcp.flags(frames, l4);
        int kind = TcpState.kind(flags);
        int next = TcpState.next(direction, kind, state);
        if (next == TcpState.INVALID) {
            return Conntrack.TRACK_INVALID;
        }
        if (kind == TcpState.KIND_SYN && next == TcpState.SYN_SENT && state >= TcpState.TIME_WAIT) {
            return Conntrack.TRACK_REOPEN;
        }
        if (next == TcpState.IGNORE) {
            return Conntrack.TRACK_OK;
        }
        if (kind == TcpState.KIND_RST && state == TcpState.SYN_SENT && direction == 0) {
            // The answer to a challenge ACK (RFC 5961 section 4.2): it clears the peer's old connection, and the SYN
            // comes again.
            return Conntrack.TRACK_OK;
        }
        if (kind == TcpState.KIND_RST && isOldReset(entries, entry, direction, frames, l4)) {
            return Conntrack.TRACK_INVALID;
        }
        if (!inWindow(entries, entry, direction, frames, l4, l4Length, state)) {
            return Conntrack.TRACK_INVALID;
        }
        if (next != state && !connections.changeState(worker, entry, state, next)) {
            return Tracker.AGAIN;
        }
        if (direction == 1 && next == TcpState.ESTABLISHED || direction == 0 && state == TcpState.SYN_RECV) {
            Entry.addStatus(entries, entry, Entry.ASSURED);
        }
        return Conntrack.TRACK_OK;
    }

    /** A reset below what the other side acknowledged cannot be from the peer (RFC 5961 section 3.2). */
    private static boolean isOldReset(MemorySegment entries, long entry, int direction, MemorySegment frames, long l4) {
        long receiver = record(entry, 1 - direction);
        return (entries.get(JAVA_INT, receiver + SCALE) & MAX_ACK_VALID) != 0
                && Tcp.sequence(frames, l4) - entries.get(JAVA_INT, maxAck(entry, 1 - direction)) < 0;
    }

    private static long record(long entry, int direction) {
        return entry + (direction == 0 ? Entry.TCP_ORIGINAL : Entry.TCP_REPLY);
    }

    private static long maxAck(long entry, int direction) {
        return entry + Entry.TCP_MAX_ACK + direction * 4L;
    }

    private boolean inWindow(
            MemorySegment entries, long entry, int direction, MemorySegment frames, long l4, int l4Length, int state) {
        long sender = record(entry, direction);
        long receiver = record(entry, 1 - direction);
        int flags = Tcp.flags(frames, l4);
        int sequence = Tcp.sequence(frames, l4);
        int window = Tcp.window(frames, l4);
        boolean syn = (flags & Tcp.SYN) != 0;
        int end = sequence + l4Length - Tcp.headerLength(frames, l4) + (syn ? 1 : 0) + (flags & Tcp.FIN);
        boolean repeatedOpening =
                state == TcpState.SYN_SENT && direction == 0 || state == TcpState.SYN_RECV && direction == 1;
        if (entries.get(JAVA_INT, sender + MAX_WINDOW) == 0 || syn && repeatedOpening) {
            begin(entries, sender, receiver, frames, l4, end, window, syn, direction);
        }
        int receiverEnd = entries.get(JAVA_INT, receiver + END);
        boolean hasAck = (flags & Tcp.ACK) != 0;
        int ack = hasAck ? Tcp.acknowledgment(frames, l4) : receiverEnd;
        boolean reset = (flags & Tcp.RST) != 0;
        if (reset && ack == 0) {
            ack = receiverEnd; // stacks that reset with ACK and 0
        }
        boolean sack = hasAck && (entries.get(JAVA_INT, receiver + SCALE) & SACK_SENT) != 0;
        int acknowledged = sack ? Tcp.highestSack(frames, l4, ack) : ack;
        int senderEnd = entries.get(JAVA_INT, sender + END);
        if (sequence == end && (!reset || sequence == 0 && state == TcpState.SYN_SENT)) {
            sequence = senderEnd; // a segment without data says nothing by its sequence
            end = senderEnd;
        }
        int receiverWindow = entries.get(JAVA_INT, receiver + MAX_WINDOW);
        int ackLag = Math.max(entries.get(JAVA_INT, sender + MAX_WINDOW), ACK_LAG_MIN);
        boolean fits = sequence - entries.get(JAVA_INT, sender + MAX_END) <= 0
                && (receiverWindow == 0 || end - (senderEnd - receiverWindow - 1) > 0)
                && acknowledged - receiverEnd <= 0
                && acknowledged - (receiverEnd - ackLag - 1) > 0;
        if (!fits) {
            return liberal;
        }
        int scaled = syn ? window : window << (entries.get(JAVA_INT, sender + SCALE) & SCALE_MASK);
        advance(entries, entry, direction, end, hasAck, ack, acknowledged, scaled);
        return true;
    }

    /** First segment of a direction, or its SYN again: the window begins here. */
    private static void begin(
            MemorySegment entries,
            long sender,
            long receiver,
            MemorySegment frames,
            long l4,
            int end,
            int window,
            boolean syn,
            int direction) {
        entries.set(JAVA_INT, sender + END, end);
        int firstWindow = Math.max(window, 1);
        if (syn) {
            int options = Tcp.synOptions(frames, l4);
            int scale = Tcp.windowScale(options);
            int word = (scale >= 0 ? SCALE_SENT | scale : 0) | (Tcp.sackPermitted(options) ? SACK_SENT : 0);
            entries.set(JAVA_INT, sender + SCALE, word);
            entries.set(JAVA_INT, sender + MAX_WINDOW, firstWindow);
            entries.set(JAVA_INT, sender + MAX_END, end);
            int other = entries.get(JAVA_INT, receiver + SCALE);
            if (direction == 1 && (word & other & SCALE_SENT) == 0) {
                // Scaling is in force only if both sent the option (RFC 7323 section 2.2).
                entries.set(JAVA_INT, sender + SCALE, word & ~SCALE_MASK);
                entries.set(JAVA_INT, receiver + SCALE, other & ~SCALE_MASK);
            }
            return;
        }
        // In the middle of a connection: the scale is unknown, so the largest window is assumed.
        entries.set(JAVA_INT, sender + SCALE, 14 | SCALE_SENT | SACK_SENT);
        int assumed = firstWindow << 14;
        entries.set(JAVA_INT, sender + MAX_WINDOW, assumed);
        entries.set(JAVA_INT, sender + MAX_END, end + assumed);
        if (entries.get(JAVA_INT, receiver + MAX_WINDOW) == 0) {
            int ack = Tcp.acknowledgment(frames, l4);
            entries.set(JAVA_INT, receiver + END, ack);
            entries.set(JAVA_INT, receiver + MAX_END, ack + assumed);
        }
    }

    private static void advance(
            MemorySegment entries,
            long entry,
            int direction,
            int end,
            boolean hasAck,
            int ack,
            int acknowledged,
            int scaledWindow) {
        long sender = record(entry, direction);
        long receiver = record(entry, 1 - direction);
        int window = scaledWindow + acknowledged - ack;
        raise(entries, sender + MAX_WINDOW, window);
        if (end - entries.get(JAVA_INT, sender + END) > 0) {
            entries.set(JAVA_INT, sender + END, end);
        }
        int overrun = end - entries.get(JAVA_INT, sender + MAX_END);
        int receiverWindow = entries.get(JAVA_INT, receiver + MAX_WINDOW);
        if (receiverWindow != 0 && overrun > 0) {
            entries.set(JAVA_INT, receiver + MAX_WINDOW, receiverWindow + overrun);
        }
        int edge = acknowledged + Math.max(window, 1);
        if (edge - entries.get(JAVA_INT, receiver + MAX_END) > 0) {
            entries.set(JAVA_INT, receiver + MAX_END, edge);
        }
        if (hasAck) {
            int flags = entries.get(JAVA_INT, sender + SCALE);
            long maxAck = maxAck(entry, direction);
            if ((flags & MAX_ACK_VALID) == 0) {
                entries.set(JAVA_INT, maxAck, ack);
                entries.set(JAVA_INT, sender + SCALE, flags | MAX_ACK_VALID);
            } else if (ack - entries.get(JAVA_INT, maxAck) > 0) {
                entries.set(JAVA_INT, maxAck, ack);
            }
        }
    }

    private static void raise(MemorySegment entries, long at, int value) {
        if (value > entries.get(JAVA_INT, at)) {
            entries.set(JAVA_INT, at, value);
        }
    }
}
