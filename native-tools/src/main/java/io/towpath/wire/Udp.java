package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/** UDP header, RFC 768: source port 0, destination port 2, length 4, checksum 6 (0: none). */
public final class Udp {
    public static final int HEADER_LENGTH = 8;
    public static final int CHECKSUM_OFFSET = 6;

    private Udp() {}

    /** Returns whether the header lies before {@code end} and its length field is at least a header and not beyond {@code end}. */
    public static boolean isValid(MemorySegment frame, long l4, long end) {
        if (l4 + HEADER_LENGTH > end) {
            return false;
        }
        int length = length(frame, l4);
        return length >= HEADER_LENGTH && l4 + length <= end;
    }

    /** Returns the bytes of header and payload. */
    public static int length(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4 + 4);
    }

    public static void length(MemorySegment frame, long l4, int length) {
        Bytes.u16(frame, l4 + 4, length);
    }

    public static int checksum(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4 + CHECKSUM_OFFSET);
    }

    public static void checksum(MemorySegment frame, long l4, int checksum) {
        Bytes.u16(frame, l4 + CHECKSUM_OFFSET, checksum);
    }

    /** Returns the source port; TCP and SCTP have it in the same place. */
    public static int sourcePort(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4);
    }

    public static int destinationPort(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4 + 2);
    }

    /** Returns {@code source << 16 | destination}, of TCP and SCTP, too. */
    public static int ports(MemorySegment frame, long l4) {
        return Bytes.i32(frame, l4);
    }

    public static void ports(MemorySegment frame, long l4, int sourceAndDestination) {
        Bytes.i32(frame, l4, sourceAndDestination);
    }

    /** Writes both ports; TCP and SCTP have them in the same place. */
    public static void ports(MemorySegment frame, long l4, int source, int destination) {
        Bytes.i32(frame, l4, source << 16 | destination);
    }
}
