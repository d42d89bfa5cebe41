package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/** ICMPv6 header, RFC 4443 section 2.1; laid out as {@link Icmp}'s, but its checksum covers a pseudo-header. */
public final class Icmpv6 {
    public static final int HEADER_LENGTH = 8;
    public static final int CHECKSUM_OFFSET = 2;
    public static final int DESTINATION_UNREACHABLE = 1;
    public static final int PACKET_TOO_BIG = 2;
    public static final int TIME_EXCEEDED = 3;
    public static final int PARAMETER_PROBLEM = 4;
    public static final int ECHO_REQUEST = 128;
    public static final int ECHO_REPLY = 129;
    // RFC 4861 section 4
    public static final int ROUTER_SOLICITATION = 133;
    public static final int ROUTER_ADVERTISEMENT = 134;
    public static final int NEIGHBOR_SOLICITATION = 135;
    public static final int NEIGHBOR_ADVERTISEMENT = 136;
    public static final int REDIRECT = 137;

    // Codes of destination unreachable, RFC 4443 section 3.1
    public static final int NO_ROUTE = 0;
    public static final int ADDRESS_UNREACHABLE = 3;
    public static final int PORT_UNREACHABLE = 4;
    public static final int ADMINISTRATIVELY_PROHIBITED = 1;

    private static final int FIRST_INFORMATIONAL = 128;

    private Icmpv6() {}

    /** Returns whether messages of the type quote a packet. */
    public static boolean isError(int type) {
        return type < FIRST_INFORMATIONAL;
    }

    public static int type(MemorySegment frame, long l4) {
        return Icmp.type(frame, l4);
    }

    public static int code(MemorySegment frame, long l4) {
        return Icmp.code(frame, l4);
    }

    public static int identifier(MemorySegment frame, long l4) {
        return Icmp.identifier(frame, l4);
    }
}
