package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/** ICMP header, RFC 792: type 0, code 1, checksum 2, then by type: identifier 4, or a parameter word 4 and the quoted packet 8. */
public final class Icmp {
    public static final int HEADER_LENGTH = 8;
    public static final int CHECKSUM_OFFSET = 2;
    public static final int ECHO_REPLY = 0;
    public static final int DESTINATION_UNREACHABLE = 3;
    public static final int SOURCE_QUENCH = 4;
    public static final int REDIRECT = 5;
    public static final int ECHO_REQUEST = 8;
    public static final int TIME_EXCEEDED = 11;
    public static final int PARAMETER_PROBLEM = 12;

    // Codes of destination unreachable, RFC 792 and RFC 1122 section 3.2.2.1
    public static final int NET_UNREACHABLE = 0;
    public static final int HOST_UNREACHABLE = 1;
    public static final int PORT_UNREACHABLE = 3;
    public static final int FRAGMENTATION_NEEDED = 4;
    /** RFC 1812 section 5.2.7.1. */
    public static final int ADMINISTRATIVELY_PROHIBITED = 13;

    private Icmp() {}

    /** Returns whether messages of the type quote a packet. */
    public static boolean isError(int type) {
        return type == DESTINATION_UNREACHABLE
                || type == SOURCE_QUENCH
                || type == REDIRECT
                || type == TIME_EXCEEDED
                || type == PARAMETER_PROBLEM;
    }

    public static int type(MemorySegment frame, long l4) {
        return Bytes.u8(frame, l4);
    }

    public static int code(MemorySegment frame, long l4) {
        return Bytes.u8(frame, l4 + 1);
    }

    public static int checksum(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4 + CHECKSUM_OFFSET);
    }

    public static void checksum(MemorySegment frame, long l4, int checksum) {
        Bytes.u16(frame, l4 + CHECKSUM_OFFSET, checksum);
    }

    /** Returns the identifier of an echo message; ICMPv6 has it in the same place. */
    public static int identifier(MemorySegment frame, long l4) {
        return Bytes.u16(frame, l4 + 4);
    }

    public static void identifier(MemorySegment frame, long l4, int identifier) {
        Bytes.u16(frame, l4 + 4, identifier);
    }
}
