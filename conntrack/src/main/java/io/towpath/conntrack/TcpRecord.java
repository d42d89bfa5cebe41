package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The TCP words of an entry: a window record for each direction, the highest acknowledgment of each, and the last segment. Words are read
 * and written plainly by whichever worker has a segment: {@link Entry} says what that may cost.
 *
 * <pre>
 * window record    0 end   4 highest end   8 largest window   12 scale and flags
 * last segment     0 kind (3 bits), direction (1), repeats (4), scale (4), flags (4), window (16)   4 sequence   8 acknowledgment   12 end
 * </pre>
 */
final class TcpRecord {
    /** Behind the last byte that was sent. */
    static final int END = 0;
    /** Behind the last byte that the receiver's window allows. */
    static final int MAX_END = 4;
    /** Largest window that was announced, in bytes; 0 before the direction's first segment. */
    static final int MAX_WINDOW = 8;
    /** Window scale and flags. */
    static final int SCALE = 12;

    static final int SCALE_MASK = 0xFF;
    static final int SCALE_SENT = 1 << 8;
    static final int SACK_SENT = 1 << 9;
    static final int MAX_ACK_VALID = 1 << 10;
    static final int UNACKNOWLEDGED = 1 << 11;
    /** The connection was picked up in the middle: its window scale is unknown, so that windows are not enforced. */
    static final int LENIENT = 1 << 12;

    static final int LAST_SEQUENCE = 4;
    static final int LAST_ACK = 8;
    static final int LAST_END = 12;

    static final int LAST_REPEATS_UNIT = 1 << 4;
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

    static long window(long entry, int direction) {
        return entry + (direction == 0 ? Entry.TCP_ORIGINAL : Entry.TCP_REPLY);
    }

    static long maxAck(long entry, int direction) {
        return entry + Entry.TCP_MAX_ACK + direction * 4L;
    }

    static long last(long entry) {
        return entry + Entry.TCP_LAST;
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
    static boolean isUnacknowledged(MemorySegment entries, long entry) {
        int flags = entries.get(JAVA_INT, window(entry, 0) + SCALE) | entries.get(JAVA_INT, window(entry, 1) + SCALE);
        return (flags & UNACKNOWLEDGED) != 0;
    }

    /** Keeps an accepted segment, and counts how often an ACK was repeated. */
    static void record(
            MemorySegment entries, long entry, int kind, int direction, int sequence, int ack, int end, int window) {
        long at = last(entry);
        int old = entries.get(JAVA_INT, at);
        if (kind != TcpState.KIND_ACK) {
            entries.set(JAVA_INT, at, old & ~15 | kind | direction << 3);
            return;
        }
        int word = packLast(kind, direction, 0, window) | old & LAST_SIMULTANEOUS;
        int repeats = lastRepeats(old);
        if ((old & ~(LAST_REPEATS_MAX * LAST_REPEATS_UNIT)) == word
                && entries.get(JAVA_INT, at + LAST_SEQUENCE) == sequence
                && entries.get(JAVA_INT, at + LAST_ACK) == ack
                && entries.get(JAVA_INT, at + LAST_END) == end) {
            entries.set(JAVA_INT, at, word | Math.min(repeats + 1, LAST_REPEATS_MAX) * LAST_REPEATS_UNIT);
            return;
        }
        entries.set(JAVA_INT, at, word);
        entries.set(JAVA_INT, at + LAST_SEQUENCE, sequence);
        entries.set(JAVA_INT, at + LAST_ACK, ack);
        entries.set(JAVA_INT, at + LAST_END, end);
    }
}
