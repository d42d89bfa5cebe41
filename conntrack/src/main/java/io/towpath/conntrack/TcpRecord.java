package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;

/**
 * The TCP words of an entry: a window record for each direction, the highest acknowledgment of each, and the last segment. Words are read
 * and written plainly by whichever worker has a segment: {@link Entry} says what that may cost.
 *
 * <pre>
 * window record    0 end   4 highest end
 * largest window   one int a direction
 * scale and flags  one short a direction
 * last segment     kind (3 bits), direction (1), repeats (4), scale (4), flags (4), window (16); and apart from that word
 *                  0 sequence   4 acknowledgment   8 end
 * </pre>
 */
final class TcpRecord {
    /** Behind the last byte that was sent. */
    static final int END = 0;
    /** Behind the last byte that the receiver's window allows. */
    static final int MAX_END = 4;

    static final int SCALE_MASK = 0xFF;
    static final int SCALE_SENT = 1 << 8;
    static final int SACK_SENT = 1 << 9;
    static final int MAX_ACK_VALID = 1 << 10;
    /** The connection was picked up in the middle: its window scale is unknown, so that windows are not enforced. */
    static final int LENIENT = 1 << 12;

    private static final int LAST_SEQUENCE = Entry.TCP_LAST_SEGMENT;
    private static final int LAST_ACK = Entry.TCP_LAST_SEGMENT + 4;
    private static final int LAST_END = Entry.TCP_LAST_SEGMENT + 8;

    private static final int LAST_REPEATS_UNIT = 1 << 4;
    private static final int LAST_REPEATS_MAX = 15;
    private static final int LAST_SCALE_SHIFT = 8;
    private static final int LAST_SACK = 1 << 12;
    private static final int LAST_SCALE_SENT = 1 << 13;
    /** The last segment was a SYN that the peer may answer with a challenge ACK (RFC 5961 section 4). */
    static final int LAST_EXPECTS_CHALLENGE = 1 << 14;
    /** Both sides sent a SYN. */
    static final int LAST_SIMULTANEOUS = 1 << 15;

    private static final int LAST_WINDOW_SHIFT = 16;

    private TcpRecord() {}

    /** Returns the address of a direction's window record. */
    static long window(long entry, int direction) {
        return entry + Entry.TCP_WINDOWS + (long) direction * Entry.TCP_WINDOW_BYTES;
    }

    /** Returns the largest window that a direction announced, in bytes; 0 before its first segment. */
    static int maxWindow(long entry, int direction) {
        return NativeMemory.getInt(entry + Entry.TCP_MAX_WINDOWS + direction * 4L);
    }

    static void maxWindow(long entry, int direction, int bytes) {
        NativeMemory.setInt(entry + Entry.TCP_MAX_WINDOWS + direction * 4L, bytes);
    }

    /** Returns a direction's window scale and flags. */
    static int flags(long entry, int direction) {
        return NativeMemory.getShort(entry + Entry.TCP_FLAGS + direction * 2L);
    }

    /** Returns both directions' flags, for {@link #flagsOf}. */
    static int bothFlags(long entry) {
        return NativeMemory.getInt(entry + Entry.TCP_FLAGS);
    }

    static int flagsOf(int bothFlags, int direction) {
        return bothFlags >>> direction * Short.SIZE & 0xFFFF;
    }

    static void flags(long entry, int direction, int flags) {
        NativeMemory.setShort(entry + Entry.TCP_FLAGS + direction * 2L, flags);
    }

    static void addFlag(long entry, int direction, int flag) {
        int old = flags(entry, direction);
        if ((old & flag) == 0) {
            flags(entry, direction, old | flag);
        }
    }

    /** Writes only where the flag is there: otherwise another worker may be about to write the direction's first flags. */
    static void removeFlag(long entry, int direction, int flag) {
        int old = flags(entry, direction);
        if ((old & flag) != 0) {
            flags(entry, direction, old & ~flag);
        }
    }

    static int maxAck(long entry, int direction) {
        return NativeMemory.getInt(entry + Entry.TCP_MAX_ACK + direction * 4L);
    }

    static void maxAck(long entry, int direction, int ack) {
        NativeMemory.setInt(entry + Entry.TCP_MAX_ACK + direction * 4L, ack);
    }

    /** Returns the first word of the last segment. */
    static int last(long entry) {
        return NativeMemory.getInt(entry + Entry.TCP_LAST);
    }

    static void last(long entry, int word) {
        NativeMemory.setInt(entry + Entry.TCP_LAST, word);
    }

    static int lastSequence(long entry) {
        return NativeMemory.getInt(entry + LAST_SEQUENCE);
    }

    static int lastAck(long entry) {
        return NativeMemory.getInt(entry + LAST_ACK);
    }

    static int lastEnd(long entry) {
        return NativeMemory.getInt(entry + LAST_END);
    }

    /** Keeps where a segment was. */
    static void lastSegment(long entry, int sequence, int ack, int end) {
        NativeMemory.setInt(entry + LAST_SEQUENCE, sequence);
        NativeMemory.setInt(entry + LAST_ACK, ack);
        NativeMemory.setInt(entry + LAST_END, end);
    }

    static int lastKind(int last) {
        return last & 7;
    }

    static int lastDirection(int last) {
        return last >>> 3 & 1;
    }

    static int lastRepeats(int last) {
        return last >>> 4 & LAST_REPEATS_MAX;
    }

    static int lastWindow(int last) {
        return last >>> LAST_WINDOW_SHIFT;
    }

    /** Returns the flags and scale of a window record as the last segment, a SYN, announced them. */
    static int lastScale(int last) {
        return last >>> LAST_SCALE_SHIFT & 15
                | ((last & LAST_SCALE_SENT) != 0 ? SCALE_SENT : 0)
                | ((last & LAST_SACK) != 0 ? SACK_SENT : 0);
    }

    /** Packs the first word of a last segment. */
    static int packLast(int kind, int direction, int scale, int window) {
        return kind
                | direction << 3
                | (scale & 15) << LAST_SCALE_SHIFT
                | ((scale & SACK_SENT) != 0 ? LAST_SACK : 0)
                | ((scale & SCALE_SENT) != 0 ? LAST_SCALE_SENT : 0)
                | window << LAST_WINDOW_SHIFT;
    }

    /** Returns whether either side sent what the other has not acknowledged. */
    static boolean isUnacknowledged(long entry) {
        return isUnacknowledged(entry, 0) || isUnacknowledged(entry, 1);
    }

    private static boolean isUnacknowledged(long entry, int direction) {
        return (flags(entry, 1 - direction) & MAX_ACK_VALID) != 0
                && NativeMemory.getInt(window(entry, direction) + END) - maxAck(entry, 1 - direction) > 0;
    }

    /** Keeps an accepted segment, and counts how often an ACK was repeated. */
    static void record(long entry, int kind, int direction, int sequence, int ack, int end, int window) {
        if (kind == TcpState.KIND_ACK) {
            recordAck(entry, direction, sequence, ack, end, window);
        } else {
            last(entry, last(entry) & ~15 | kind | direction << 3);
        }
    }

    /** As {@link #record}, of an ACK. */
    static void recordAck(long entry, int direction, int sequence, int ack, int end, int window) {
        int old = last(entry);
        int word = packLast(TcpState.KIND_ACK, direction, 0, window) | old & LAST_SIMULTANEOUS;
        int repeats = lastRepeats(old);
        long ackAndEnd = Integer.toUnsignedLong(ack) | (long) end << 32;
        if ((old & ~(LAST_REPEATS_MAX * LAST_REPEATS_UNIT)) == word
                && lastSequence(entry) == sequence
                && NativeMemory.getLong(entry + LAST_ACK) == ackAndEnd) {
            last(entry, word | Math.min(repeats + 1, LAST_REPEATS_MAX) * LAST_REPEATS_UNIT);
            return;
        }
        last(entry, word);
        NativeMemory.setInt(entry + LAST_SEQUENCE, sequence);
        NativeMemory.setLong(entry + LAST_ACK, ackAndEnd);
    }
}
