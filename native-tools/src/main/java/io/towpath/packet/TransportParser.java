package io.towpath.packet;

import io.towpath.wire.Icmp;
import io.towpath.wire.Icmpv6;
import io.towpath.wire.Sctp;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import java.lang.foreign.MemorySegment;

/** Checks what lies behind an IP header, and makes the transport word of it: ports, or the identifier of an ICMP echo. */
public final class TransportParser {
    private TransportParser() {}

    /** Returns the bytes that the transport header of a protocol has at least; 0 for those that are not looked into. */
    public static int minLength(int protocol) {
        return switch (protocol) {
            case FiveTuple.TCP -> Tcp.MIN_HEADER_LENGTH;
            case FiveTuple.UDP -> Udp.HEADER_LENGTH;
            case FiveTuple.SCTP -> Sctp.HEADER_LENGTH;
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> Icmp.HEADER_LENGTH;
            default -> 0;
        };
    }

    /**
     * Parses the transport header of frame {@code i}, whose IP header and {@link Burst#l4} are there and good. ICMP is a protocol of
     * IPv4, ICMPv6 one of IPv6; the other way round they are but numbers.
     *
     * @return the frame's kind
     */
    static int parse(Burst burst, int i, int protocol) {
        return switch (protocol) {
            case FiveTuple.ICMP -> burst.isIpv4(i) ? parseIcmp(burst, i) : parsePorts(burst, i, protocol);
            case FiveTuple.ICMPV6 -> burst.isIpv4(i) ? parsePorts(burst, i, protocol) : parseIcmpv6(burst, i);
            default -> parsePorts(burst, i, protocol);
        };
    }

    private static int parsePorts(Burst burst, int i, int protocol) {
        MemorySegment frames = burst.frames;
        long l4 = burst.l4(i);
        int length = burst.l4Length(i);
        boolean valid;
        switch (protocol) {
            case FiveTuple.TCP -> valid = Tcp.isValid(frames, l4, l4 + length);
            case FiveTuple.UDP -> valid = Udp.isValid(frames, l4, l4 + length);
            case FiveTuple.SCTP -> valid = Sctp.isValid(frames, l4, l4 + length);
            default -> {
                burst.transport(i, protocol);
                return FlowKind.OTHER_IP;
            }
        }
        if (!valid) {
            return burst.invalid(i, Reason.L4_HEADER_INVALID);
        }
        // TCP, UDP and SCTP have their ports in the same place.
        burst.transport(i, FiveTuple.transport(Udp.ports(frames, l4), protocol));
        return FlowKind.FLOW;
    }

    private static int parseIcmp(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l4 = burst.l4(i);
        burst.transport(i, FiveTuple.ICMP);
        if (burst.l4Length(i) < Icmp.HEADER_LENGTH) {
            return burst.invalid(i, Reason.L4_HEADER_INVALID);
        }
        int type = Icmp.type(frames, l4);
        return switch (type) {
            case Icmp.ECHO_REQUEST -> {
                burst.transport(i, FiveTuple.transport(Icmp.identifier(frames, l4), 0, FiveTuple.ICMP));
                yield FlowKind.FLOW;
            }
            case Icmp.ECHO_REPLY -> {
                burst.transport(i, FiveTuple.transport(0, Icmp.identifier(frames, l4), FiveTuple.ICMP));
                yield FlowKind.FLOW;
            }
            default -> Icmp.isError(type) ? FlowKind.ICMP_ERROR : FlowKind.OTHER_IP;
        };
    }

    private static int parseIcmpv6(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l4 = burst.l4(i);
        burst.transport(i, FiveTuple.ICMPV6);
        if (burst.l4Length(i) < Icmpv6.HEADER_LENGTH) {
            return burst.invalid(i, Reason.L4_HEADER_INVALID);
        }
        int type = Icmpv6.type(frames, l4);
        return switch (type) {
            case Icmpv6.ECHO_REQUEST -> {
                burst.transport(i, FiveTuple.transport(Icmpv6.identifier(frames, l4), 0, FiveTuple.ICMPV6));
                yield FlowKind.FLOW;
            }
            case Icmpv6.ECHO_REPLY -> {
                burst.transport(i, FiveTuple.transport(0, Icmpv6.identifier(frames, l4), FiveTuple.ICMPV6));
                yield FlowKind.FLOW;
            }
            case Icmpv6.ROUTER_SOLICITATION,
                    Icmpv6.ROUTER_ADVERTISEMENT,
                    Icmpv6.NEIGHBOR_SOLICITATION,
                    Icmpv6.NEIGHBOR_ADVERTISEMENT,
                    Icmpv6.REDIRECT -> FlowKind.NEIGHBOR;
            default -> Icmpv6.isError(type) ? FlowKind.ICMP_ERROR : FlowKind.OTHER_IP;
        };
    }
}
