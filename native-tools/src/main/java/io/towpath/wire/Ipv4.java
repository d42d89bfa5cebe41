package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * IPv4 header, RFC 791 section 3.1.
 *
 * <pre>
 *  0 version, IHL   1 type of service   2 total length   4 identification   6 flags, fragment offset
 *  8 time to live   9 protocol         10 checksum      12 source          16 destination   20 options
 * </pre>
 */
public final class Ipv4 {
    public static final int MIN_HEADER_LENGTH = 20;

    private static final int TTL_MAX = 255;
    /** What a TTL that is one less changes the checksum by, whatever it was. */
    private static final int TTL_DECREMENT_DELTA = Checksum.delta16(0x100, 0);

    /** Flag of the fragment field. */
    public static final int MORE_FRAGMENTS = 0x2000;

    private static final int DONT_FRAGMENT = 0x4000;
    private static final int OFFSET_MASK = 0x1FFF;

    // Option types, RFC 791 section 3.1
    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_COPIED = 0x80;

    private Ipv4() {}

    /** Returns whether version, header length and total length are sound and lie before {@code end}. Does not look at the checksum. */
    public static boolean isValid(MemorySegment frame, long l3, long end) {
        if (l3 + MIN_HEADER_LENGTH > end) {
            return false;
        }
        int first = Bytes.i32(frame, l3);
        int headerLength = first >>> 22 & 60;
        int totalLength = first & 0xFFFF;
        return first >>> 28 == 4
                && headerLength >= MIN_HEADER_LENGTH
                && totalLength >= headerLength
                && l3 + totalLength <= end;
    }

    public static boolean isHeaderChecksumValid(MemorySegment frame, long l3) {
        return Checksum.fold(Checksum.sum(frame, l3, headerLength(frame, l3))) == 0xFFFF;
    }

    /** Returns the header length in bytes. */
    public static int headerLength(MemorySegment frame, long l3) {
        return (Bytes.u8(frame, l3) & 15) << 2;
    }

    public static int totalLength(MemorySegment frame, long l3) {
        return Bytes.u16(frame, l3 + 2);
    }

    /** Writes the length; the checksum is the caller's to mend. */
    public static void totalLength(MemorySegment frame, long l3, int bytes) {
        Bytes.u16(frame, l3 + 2, bytes);
    }

    /** Returns whether the packet is a fragment: not the last, or not the first. */
    public static boolean isFragment(MemorySegment frame, long l3) {
        return (Bytes.u16(frame, l3 + 6) & (MORE_FRAGMENTS | OFFSET_MASK)) != 0;
    }

    /** Returns whether the packet is a fragment other than the first. */
    public static boolean isLaterFragment(MemorySegment frame, long l3) {
        return (Bytes.u16(frame, l3 + 6) & OFFSET_MASK) != 0;
    }

    /** Returns whether a router may cut the packet into fragments: DF is clear. */
    public static boolean mayFragment(MemorySegment frame, long l3) {
        return (fragment(frame, l3) & DONT_FRAGMENT) == 0;
    }

    /** Returns the fragment field: flags, and the offset in units of 8 bytes. */
    public static int fragment(MemorySegment frame, long l3) {
        return Bytes.u16(frame, l3 + 6);
    }

    /** Makes the packet a fragment: writes length and fragment field, and computes the checksum anew. */
    public static void fragment(MemorySegment frame, long l3, int totalLength, int fragment) {
        totalLength(frame, l3, totalLength);
        Bytes.u16(frame, l3 + 6, fragment);
        updateChecksum(frame, l3);
    }

    /** Overwrites options that only the first fragment has with no-operations, as the kernel does; the checksum is the caller's. */
    public static void blankOptionsOfFirstFragment(MemorySegment frame, long l3) {
        long end = l3 + headerLength(frame, l3);
        long at = l3 + MIN_HEADER_LENGTH;
        while (at < end) {
            int type = Bytes.u8(frame, at);
            if (type == OPTION_END) {
                return;
            }
            int length = type == OPTION_NOP ? 1 : at + 1 < end ? Bytes.u8(frame, at + 1) : 0;
            if (length == 0 || type != OPTION_NOP && length < 2 || at + length > end) {
                return; // broken: whoever reads options decides
            }
            for (long b = at; (type & OPTION_COPIED) == 0 && b < at + length; b++) {
                Bytes.u8(frame, b, OPTION_NOP);
            }
            at += length;
        }
    }

    /** Returns where the fragment's payload belongs in that of the whole packet, bytes. */
    public static int fragmentOffset(MemorySegment frame, long l3) {
        return (Bytes.u16(frame, l3 + 6) & OFFSET_MASK) << 3;
    }

    public static boolean isLastFragment(MemorySegment frame, long l3) {
        return (Bytes.u16(frame, l3 + 6) & MORE_FRAGMENTS) == 0;
    }

    public static int identification(MemorySegment frame, long l3) {
        return Bytes.u16(frame, l3 + 4);
    }

    public static int ttl(MemorySegment frame, long l3) {
        return Bytes.u8(frame, l3 + 8);
    }

    /** Decrements the TTL and updates the checksum. The caller made sure that the TTL is above 1. */
    public static void decrementTtl(MemorySegment frame, long l3) {
        int word = Bytes.i32(frame, l3 + 8); // TTL, protocol, checksum
        int checksum = Checksum.apply(word & 0xFFFF, TTL_DECREMENT_DELTA);
        Bytes.i32(frame, l3 + 8, (word & 0xFFFF_0000) - (1 << 24) | checksum);
    }

    /** Increments the TTL, at most to 255, and updates the checksum. */
    public static void incrementTtl(MemorySegment frame, long l3) {
        int old = Bytes.u16(frame, l3 + 8);
        if (old >>> 8 < TTL_MAX) {
            Bytes.u16(frame, l3 + 8, old + 0x100);
            checksum(frame, l3, Checksum.apply(checksum(frame, l3), Checksum.delta16(old, old + 0x100)));
        }
    }

    /** Writes the TTL; the checksum is the caller's to mend. */
    public static void ttl(MemorySegment frame, long l3, int hops) {
        Bytes.u8(frame, l3 + 8, hops);
    }

    public static int protocol(MemorySegment frame, long l3) {
        return Bytes.u8(frame, l3 + 9);
    }

    public static int checksum(MemorySegment frame, long l3) {
        return Bytes.u16(frame, l3 + 10);
    }

    public static void checksum(MemorySegment frame, long l3, int checksum) {
        Bytes.u16(frame, l3 + 10, checksum);
    }

    /** Computes the header checksum anew. */
    public static void updateChecksum(MemorySegment frame, long l3) {
        checksum(frame, l3, 0);
        checksum(frame, l3, Checksum.finish(Checksum.sum(frame, l3, headerLength(frame, l3))));
    }

    public static int source(MemorySegment frame, long l3) {
        return Bytes.i32(frame, l3 + 12);
    }

    public static void source(MemorySegment frame, long l3, int address) {
        Bytes.i32(frame, l3 + 12, address);
    }

    public static int destination(MemorySegment frame, long l3) {
        return Bytes.i32(frame, l3 + 16);
    }

    public static void destination(MemorySegment frame, long l3, int address) {
        Bytes.i32(frame, l3 + 16, address);
    }

    /** Returns {@code source << 32 | destination}. */
    public static long addresses(MemorySegment frame, long l3) {
        return Bytes.i64(frame, l3 + 12);
    }

    public static void addresses(MemorySegment frame, long l3, long sourceAndDestination) {
        Bytes.i64(frame, l3 + 12, sourceAndDestination);
    }

    /** Writes a header without options, its checksum included; DF set, identification 0 (RFC 6864 section 4.1). */
    public static void write(
            MemorySegment frame, long l3, int totalLength, int ttl, int protocol, int source, int destination) {
        Bytes.i32(frame, l3, 0x4500_0000 | totalLength);
        Bytes.i32(frame, l3 + 4, DONT_FRAGMENT);
        Bytes.i32(frame, l3 + 8, ttl << 24 | protocol << 16);
        source(frame, l3, source);
        destination(frame, l3, destination);
        updateChecksum(frame, l3);
    }
}
