package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * IPv6 header and its extension headers, RFC 8200 sections 3 and 4.
 *
 * <pre>
 *  0 version, traffic class, flow label   4 payload length   6 next header   7 hop limit   8 source   24 destination
 * </pre>
 */
public final class Ipv6 {
    public static final int HEADER_LENGTH = 40;

    private static final int HOP_LIMIT_MAX = 255;

    /** Extension headers looked at in one packet; a chain that goes on is refused (RFC 8504 section 5.3 allows a limit). */
    private static final int EXTENSIONS_LIMIT = 8;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int AUTHENTICATION = 51;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int MOBILITY = 135;

    private static final long FRAGMENT_FLAG = 1L << 40;
    private static final long LATER_FRAGMENT_FLAG = 1L << 41;

    private Ipv6() {}

    /** Returns whether version and payload length are sound and the packet ends before {@code end}. */
    public static boolean isValid(MemorySegment frame, long l3, long end) {
        return l3 + HEADER_LENGTH <= end
                && Bytes.u8(frame, l3) >>> 4 == 6
                && l3 + HEADER_LENGTH + payloadLength(frame, l3) <= end;
    }

    /**
     * Walks the extension headers to the transport header; of a later fragment, to what follows its fragment header.
     *
     * @param end of the packet, or of what is quoted of it
     * @return for {@link #l4Offset}, {@link #protocol} and {@link #isFragment}; negative where the chain is cut off, too long or has two
     *     fragment headers
     */
    public static long walk(MemorySegment frame, long l3, long end) {
        int next = nextHeader(frame, l3);
        long at = l3 + HEADER_LENGTH;
        long flags = 0;
        for (int headers = 0; headers <= EXTENSIONS_LIMIT; headers++) {
            if (!isExtension(next)) {
                return flags | at - l3 << 8 | next;
            }
            if (at + 8 > end) {
                return -1;
            }
            if (next == FRAGMENT && !Ipv6Fragment.isAtomic(frame, at)) {
                if (flags != 0) {
                    return -1; // a fragment of a fragment
                }
                flags = Ipv6Fragment.offset(frame, at) == 0 ? FRAGMENT_FLAG : FRAGMENT_FLAG | LATER_FRAGMENT_FLAG;
            }
            int length = extensionLength(frame, at, next);
            next = Bytes.u8(frame, at);
            at += length;
            if (at > end) {
                return -1;
            }
            if ((flags & LATER_FRAGMENT_FLAG) != 0) {
                return flags | at - l3 << 8 | next;
            }
        }
        return -1;
    }

    /** Returns the start of the fragment header of a packet that {@link #walk} found to be a fragment. */
    public static long fragmentHeader(MemorySegment frame, long l3) {
        int next = Bytes.u8(frame, l3 + 6);
        long at = l3 + HEADER_LENGTH;
        while (next != FRAGMENT || Ipv6Fragment.isAtomic(frame, at)) {
            int length = extensionLength(frame, at, next);
            next = Bytes.u8(frame, at);
            at += length;
        }
        return at;
    }

    private static boolean isExtension(int header) {
        return header == HOP_BY_HOP
                || header == ROUTING
                || header == FRAGMENT
                || header == AUTHENTICATION
                || header == DESTINATION_OPTIONS
                || header == MOBILITY;
    }

    private static int extensionLength(MemorySegment frame, long at, int header) {
        int length = Bytes.u8(frame, at + 1);
        return switch (header) {
            case FRAGMENT -> Ipv6Fragment.HEADER_LENGTH;
            case AUTHENTICATION -> (length + 2) * 4; // RFC 4302 section 2.2
            default -> (length + 1) * 8;
        };
    }

    /** Returns the transport header's offset from the IP header, bytes. */
    public static int l4Offset(long walked) {
        return (int) (walked >>> 8);
    }

    /** Returns the transport protocol. */
    public static int protocol(long walked) {
        return (int) walked & 0xFF;
    }

    public static boolean isFragment(long walked) {
        return (walked & FRAGMENT_FLAG) != 0;
    }

    public static boolean isLaterFragment(long walked) {
        return (walked & LATER_FRAGMENT_FLAG) != 0;
    }

    /** Returns the protocol of what follows this header: an extension header's or the transport's. */
    public static int nextHeader(MemorySegment frame, long l3) {
        return Bytes.u8(frame, l3 + 6);
    }

    public static int payloadLength(MemorySegment frame, long l3) {
        return Bytes.u16(frame, l3 + 4);
    }

    public static void payloadLength(MemorySegment frame, long l3, int length) {
        Bytes.u16(frame, l3 + 4, length);
    }

    public static int hopLimit(MemorySegment frame, long l3) {
        return Bytes.u8(frame, l3 + 7);
    }

    public static void hopLimit(MemorySegment frame, long l3, int hops) {
        Bytes.u8(frame, l3 + 7, hops);
    }

    /** Decrements the hop limit, which no checksum covers. The caller made sure that it is above 1. */
    public static void decrementHopLimit(MemorySegment frame, long l3) {
        Bytes.u8(frame, l3 + 7, hopLimit(frame, l3) - 1);
    }

    /** Increments the hop limit, at most to 255. */
    public static void incrementHopLimit(MemorySegment frame, long l3) {
        Bytes.u8(frame, l3 + 7, Math.min(HOP_LIMIT_MAX, hopLimit(frame, l3) + 1));
    }

    public static long sourceHi(MemorySegment frame, long l3) {
        return Bytes.i64(frame, l3 + 8);
    }

    public static long sourceLo(MemorySegment frame, long l3) {
        return Bytes.i64(frame, l3 + 16);
    }

    public static void source(MemorySegment frame, long l3, long hi, long lo) {
        Bytes.i64(frame, l3 + 8, hi);
        Bytes.i64(frame, l3 + 16, lo);
    }

    public static long destinationHi(MemorySegment frame, long l3) {
        return Bytes.i64(frame, l3 + 24);
    }

    public static long destinationLo(MemorySegment frame, long l3) {
        return Bytes.i64(frame, l3 + 32);
    }

    public static void destination(MemorySegment frame, long l3, long hi, long lo) {
        Bytes.i64(frame, l3 + 24, hi);
        Bytes.i64(frame, l3 + 32, lo);
    }

    /** Writes the first 8 bytes of a header: traffic class and flow label 0. The addresses are written apart. */
    public static void write(MemorySegment frame, long l3, int payloadLength, int nextHeader, int hopLimit) {
        Bytes.i32(frame, l3, 6 << 28);
        Bytes.i32(frame, l3 + 4, payloadLength << 16 | nextHeader << 8 | hopLimit);
    }
}
