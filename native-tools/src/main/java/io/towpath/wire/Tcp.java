package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * TCP header, RFC 9293 section 3.1.
 *
 * <pre>
 *  0 source port  2 destination port  4 sequence  8 acknowledgment  12 data offset  13 flags  14 window  16 checksum  18 urgent  20 options
 * </pre>
 */
public final class Tcp {
    public static final int MIN_HEADER_LENGTH = 20;
    public static final int CHECKSUM_OFFSET = 16;
    public static final int FIN = 1;
    public static final int SYN = 2;
    public static final int RST = 4;
    public static final int PSH = 8;
    public static final int ACK = 16;
    public static final int URG = 32;

    // RFC 9293 section 3.2, RFC 7323 section 2.2, RFC 2018 sections 2 and 3
    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_WINDOW_SCALE = 3;
    private static final int OPTION_SACK_PERMITTED = 4;
    private static final int OPTION_SACK = 5;
    private static final int WINDOW_SCALE_MAX = 14;

    private static final int SCALE_PRESENT = 1 << 8;
    private static final int SACK_PERMITTED = 1 << 9;

    /** Two no-operations, then the kind and length of time stamps (RFC 7323 appendix A). */
    private static final int NOP_NOP_TIMESTAMPS = 0x0101_080A;

    private static final int TIMESTAMPS_LENGTH = 12;

    private Tcp() {}

    /** Returns whether the header with its options lies before {@code end}. */
    public static boolean isValid(MemorySegment frame, long l4, long end) {
        if (l4 + MIN_HEADER_LENGTH > end) {
            return false;
        }
        int headerLength = headerLength(frame, l4);
        return headerLength >= MIN_HEADER_LENGTH && l4 + headerLength <= end;
    }

    public static int sequence(MemorySegment frame, long l4) {
        return Bytes.i32(frame, l4 + 4);
    }

    public static int acknowledgment(MemorySegment frame, long l4) {
        return Bytes.i32(frame, l4 + 8);
    }

    /** Returns {@code sequence << 32 | acknowledgment}. */
    public static long numbers(MemorySegment frame, long l4) {
        return Bytes.i64(frame, l4 + 4);
    }

    /** Returns data offset, flags and window in one word, for the accessors below. */
    public static int control(MemorySegment frame, long l4) {
        return Bytes.i32(frame, l4 + 12);
    }

    /** As {@link #headerLength(MemorySegment, long)}, of a {@link #control} word. */
    public static int headerLength(int control) {
        return control >>> 28 << 2;
    }

    public static int window(int control) {
        return control & 0xFFFF;
    }

    /** Returns whether a segment has the ACK flag and none of FIN, SYN, RST and URG. */
    public static boolean isPlainAck(int control) {
        return (control >>> 16 & (FIN | SYN | RST | ACK | URG)) == ACK;
    }

    /** Returns the header length (data offset) in bytes. */
    public static int headerLength(MemorySegment frame, long l4) {
        return Bytes.u8(frame, l4 + 12) >>> 4 << 2;
    }

    public static int flags(MemorySegment frame, long l4) {
        return Bytes.u8(frame, l4 + 13);
    }

    public static int window(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4 + 14);
    }

    /** Reads the options of a SYN that the window check needs; for {@link #windowScale} and {@link #sackPermitted}. */
    public static int synOptions(MemorySegment frame, long l4) {
        long end = l4 + headerLength(frame, l4);
        int found = 0;
        long at = l4 + MIN_HEADER_LENGTH;
        while (at < end) {
            int kind = Bytes.u8(frame, at);
            if (kind == OPTION_END) {
                break;
            }
            if (kind == OPTION_NOP) {
                at++;
                continue;
            }
            if (at + 2 > end) {
                break;
            }
            int length = Bytes.u8(frame, at + 1);
            if (length < 2 || at + length > end) {
                break;
            }
            if (kind == OPTION_WINDOW_SCALE && length == 3) {
                found |= SCALE_PRESENT | Math.min(Bytes.u8(frame, at + 2), WINDOW_SCALE_MAX);
            } else if (kind == OPTION_SACK_PERMITTED && length == 2) {
                found |= SACK_PERMITTED;
            }
            at += length;
        }
        return found;
    }

    /** Returns the window scale of {@link #synOptions}, -1 where the option is absent. */
    public static int windowScale(int synOptions) {
        return (synOptions & SCALE_PRESENT) != 0 ? synOptions & 0xFF : -1;
    }

    public static boolean sackPermitted(int synOptions) {
        return (synOptions & SACK_PERMITTED) != 0;
    }

    /** Returns the highest right edge of the SACK blocks, or {@code acknowledgment} where there is none above it. */
    public static int highestSack(MemorySegment frame, long l4, int acknowledgment) {
        long end = l4 + headerLength(frame, l4);
        int highest = acknowledgment;
        long at = l4 + MIN_HEADER_LENGTH;
        while (at + 2 <= end) {
            int kind = Bytes.u8(frame, at);
            if (kind == OPTION_END) {
                break;
            }
            if (kind == OPTION_NOP) {
                at++;
                continue;
            }
            int length = Bytes.u8(frame, at + 1);
            if (length < 2 || at + length > end) {
                break;
            }
            if (kind == OPTION_SACK) {
                for (long block = at + 2; block + 8 <= at + length; block += 8) {
                    int right = Bytes.i32(frame, block + 4);
                    highest = right - highest > 0 ? right : highest;
                }
            }
            at += length;
        }
        return highest;
    }

    /** Returns whether a segment is sure to have no SACK option: it has no options, or the time stamps only that Linux sends. */
    public static boolean hasNoSack(MemorySegment frame, long l4, int headerLength) {
        return headerLength == MIN_HEADER_LENGTH
                || headerLength == MIN_HEADER_LENGTH + TIMESTAMPS_LENGTH
                        && Bytes.i32(frame, l4 + MIN_HEADER_LENGTH) == NOP_NOP_TIMESTAMPS;
    }
}
