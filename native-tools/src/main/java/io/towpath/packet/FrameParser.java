package io.towpath.packet;

import io.towpath.wire.Address;
import io.towpath.wire.Arp;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Icmp;
import io.towpath.wire.Icmpv6;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Sctp;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import io.towpath.wire.Vlan;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * The first stage: checks every header of a frame once, the virtio-net header too, and fills the frame's fields in the {@link Burst}. Later stages trust them.
 *
 * <p>Any bytes are safe input: a frame that cannot be parsed gets {@link FlowKind#INVALID} and the reason.
 */
public final class FrameParser {
    /** 802.1ad allows two tags; more are not seen on networks that carry pods. */
    private static final int VLAN_TAGS_LIMIT = 2;

    /** The first byte of an IPv4 header without options. */
    private static final int PLAIN_IPV4 = 0x45;
    /** Ethernet, IPv4 and UDP headers. */
    private static final int PLAIN_MIN_LENGTH = Ethernet.HEADER_LENGTH + Ipv4.MIN_HEADER_LENGTH + Udp.HEADER_LENGTH;

    private static final int IPV6_VERSION = 6;
    private static final int PLAIN_IPV6_MIN_LENGTH = Ethernet.HEADER_LENGTH + Ipv6.HEADER_LENGTH + Udp.HEADER_LENGTH;
    /** More-fragments flag and offset in the first eight bytes. */
    private static final int FRAGMENT_MASK = 0x3FFF;

    private FrameParser() {}

    /** Parses all frames of the burst. Owner worker only. */
    public static void parse(Burst burst) {
        int i = 0;
        while (i < burst.count) {
            int end = parseIpv4Run(burst, i);
            i = end > i ? end : parseOthers(burst, i);
        }
    }

    /** Parses a run of plain IPv6, or one frame. Returns the next one. */
    private static int parseOthers(Burst burst, int i) {
        int end = parseIpv6Run(burst, i);
        if (end > i) {
            return end;
        }
        begin(burst, i);
        burst.kind(i, parseFrame(burst, i));
        if (burst.kind(i) != FlowKind.INVALID && !VnetHeader.isPlain(burst.frames, burst.l2(i))) {
            checkVnetHeader(burst, i);
        }
        return i + 1;
    }

    /** Parses frames from one on as long as they are plain IPv4. Returns the first that is not. */
    private static int parseIpv4Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && parsePlainIpv4(burst, i)) {
            i++;
        }
        return i;
    }

    /** As {@link #parseIpv4Run}, for IPv6. */
    private static int parseIpv6Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && parsePlainIpv6(burst, i)) {
            i++;
        }
        return i;
    }

    private static void begin(Burst burst, int i) {
        burst.reason(i, Reason.NONE);
        burst.handle(i, -1);
    }

    private static void checkVnetHeader(Burst burst, int i) {
        boolean isTcp = false;
        int checksumOffset = -1;
        if (burst.kind(i) == FlowKind.FLOW) {
            int protocol = burst.protocol(i);
            isTcp = protocol == FiveTuple.TCP;
            checksumOffset = isTcp ? Tcp.CHECKSUM_OFFSET : protocol == FiveTuple.UDP ? Udp.CHECKSUM_OFFSET : -1;
        }
        boolean isIpv4 = checksumOffset >= 0 && burst.isIpv4(i);
        if (!VnetHeader.isValid(
                burst.frames, burst.l2(i), burst.length(i), burst.l4(i), isIpv4, isTcp, checksumOffset)) {
            if (burst.kind(i) == FlowKind.FRAGMENT) {
                burst.fragments--;
            }
            burst.settle(i, Reason.VNET_HEADER_INVALID);
        }
    }

    /**
     * Does what {@link #parseFrame} does for the frames that there are most of, with few and wide loads: TCP or UDP over IPv4 without
     * options, tags or fragments, and sound.
     *
     * @return false for a frame that takes a closer look
     */
    private static boolean parsePlainIpv4(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l2 = burst.l2(i);
        int length = burst.length(i);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        if (length < PLAIN_MIN_LENGTH || Ethernet.type(frames, l2) != Ethernet.TYPE_IPV4) {
            return false;
        }
        long first = Bytes.i64(frames, l3);
        long second = Bytes.i64(frames, l3 + 8);
        int destination = Bytes.i32(frames, l3 + 16);
        int l4Length = ((int) (first >>> 32) & 0xFFFF) - Ipv4.MIN_HEADER_LENGTH;
        int protocol = (int) (second >>> 48) & 0xFF;
        long l4 = l3 + Ipv4.MIN_HEADER_LENGTH;
        if (first >>> 56 != PLAIN_IPV4
                || (first & FRAGMENT_MASK) != 0
                || l4Length > length - Ethernet.HEADER_LENGTH - Ipv4.MIN_HEADER_LENGTH
                || Checksum.foldPlainIpv4(first, second, destination) != 0xFFFF
                || !isPlainTransport(frames, l4, l4Length, protocol)
                || !VnetHeader.isPlain(frames, l2)) {
            return false;
        }
        begin(burst, i);
        burst.kind(i, FlowKind.FLOW);
        burst.l3(i, l3);
        burst.l4(i, l4);
        burst.l4Length(i, l4Length);
        burst.sourceHi(i, 0);
        burst.sourceLo(i, Address.mapped((int) second));
        burst.destinationHi(i, 0);
        burst.destinationLo(i, Address.mapped(destination));
        burst.transport(i, FiveTuple.transport(Udp.ports(frames, l4), protocol));
        return true;
    }

    /** As {@link #parsePlainIpv4}, for TCP or UDP right behind an IPv6 header. */
    private static boolean parsePlainIpv6(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l2 = burst.l2(i);
        int length = burst.length(i);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        if (length < PLAIN_IPV6_MIN_LENGTH || Ethernet.type(frames, l2) != Ethernet.TYPE_IPV6) {
            return false;
        }
        long first = Bytes.i64(frames, l3);
        long sourceHi = Ipv6.sourceHi(frames, l3);
        long destinationHi = Ipv6.destinationHi(frames, l3);
        int l4Length = (int) (first >>> 16) & 0xFFFF;
        int protocol = (int) (first >>> 8) & 0xFF;
        long l4 = l3 + Ipv6.HEADER_LENGTH;
        if (first >>> 60 != IPV6_VERSION
                || sourceHi == 0 // with what is IPv4, and more
                || destinationHi == 0
                || l4Length > length - Ethernet.HEADER_LENGTH - Ipv6.HEADER_LENGTH
                || !isPlainTransport(frames, l4, l4Length, protocol)
                || !VnetHeader.isPlain(frames, l2)) {
            return false;
        }
        begin(burst, i);
        burst.kind(i, FlowKind.FLOW);
        burst.l3(i, l3);
        burst.l4(i, l4);
        burst.l4Length(i, l4Length);
        burst.sourceHi(i, sourceHi);
        burst.sourceLo(i, Ipv6.sourceLo(frames, l3));
        burst.destinationHi(i, destinationHi);
        burst.destinationLo(i, Ipv6.destinationLo(frames, l3));
        burst.transport(i, FiveTuple.transport(Udp.ports(frames, l4), protocol));
        return true;
    }

    private static boolean isPlainTransport(MemorySegment frames, long l4, int l4Length, int protocol) {
        return switch (protocol) {
            case FiveTuple.TCP -> Tcp.isValid(frames, l4, l4 + l4Length);
            case FiveTuple.UDP -> Udp.isValid(frames, l4, l4 + l4Length);
            default -> false;
        };
    }

    private static int invalid(Burst burst, int i, Reason reason) {
        burst.reason(i, reason);
        return FlowKind.INVALID;
    }

    private static int parseFrame(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l2 = burst.l2(i);
        long end = l2 + burst.length(i);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        if (l3 > end) {
            return invalid(burst, i, Reason.FRAME_TRUNCATED);
        }
        int type = Ethernet.type(frames, l2);
        for (int tags = 0; type == Ethernet.TYPE_VLAN || type == Ethernet.TYPE_QINQ; tags++) {
            if (tags == VLAN_TAGS_LIMIT) {
                return invalid(burst, i, Reason.VLAN_UNEXPECTED);
            }
            if (l3 + Vlan.HEADER_LENGTH > end) {
                return invalid(burst, i, Reason.FRAME_TRUNCATED);
            }
            type = Vlan.type(frames, l3);
            l3 += Vlan.HEADER_LENGTH;
        }
        burst.l3(i, l3);
        return switch (type) {
            case Ethernet.TYPE_IPV4 -> parseIpv4(burst, i, frames, l3, end);
            case Ethernet.TYPE_IPV6 -> parseIpv6(burst, i, frames, l3, end);
            case Ethernet.TYPE_ARP ->
                Arp.isValid(frames, l3, end) ? FlowKind.ARP : invalid(burst, i, Reason.ARP_INVALID);
            default -> invalid(burst, i, Reason.ETHERTYPE_UNKNOWN);
        };
    }

    private static int parseIpv4(Burst burst, int i, MemorySegment frames, long l3, long end) {
        if (!Ipv4.isValid(frames, l3, end)) {
            return invalid(burst, i, Reason.IP_HEADER_INVALID);
        }
        if (!Ipv4.isHeaderChecksumValid(frames, l3)) {
            return invalid(burst, i, Reason.IP_CHECKSUM_WRONG);
        }
        long addresses = Ipv4.addresses(frames, l3);
        burst.sourceHi(i, 0);
        burst.sourceLo(i, Address.mapped((int) (addresses >>> 32)));
        burst.destinationHi(i, 0);
        burst.destinationLo(i, Address.mapped((int) addresses));
        int headerLength = Ipv4.headerLength(frames, l3);
        burst.l4(i, l3 + headerLength);
        burst.l4Length(i, Ipv4.totalLength(frames, l3) - headerLength);
        int protocol = Ipv4.protocol(frames, l3);
        if (Ipv4.isFragment(frames, l3)) {
            return fragment(burst, i, protocol);
        }
        return protocol == FiveTuple.ICMP ? parseIcmp(burst, i, frames) : parseTransport(burst, i, frames, protocol);
    }

    private static int parseIpv6(Burst burst, int i, MemorySegment frames, long l3, long end) {
        if (!Ipv6.isValid(frames, l3, end)) {
            return invalid(burst, i, Reason.IP_HEADER_INVALID);
        }
        burst.sourceHi(i, Ipv6.sourceHi(frames, l3));
        burst.sourceLo(i, Ipv6.sourceLo(frames, l3));
        burst.destinationHi(i, Ipv6.destinationHi(frames, l3));
        burst.destinationLo(i, Ipv6.destinationLo(frames, l3));
        if (Address.isIpv4(burst.sourceHi(i), burst.sourceLo(i)) || burst.isIpv4(i)) {
            // v4-mapped addresses never appear on a wire (RFC 6890 section 2.2.3), and here they mean IPv4.
            return invalid(burst, i, Reason.SOURCE_ADDRESS_INVALID);
        }
        long packetEnd = l3 + Ipv6.HEADER_LENGTH + Ipv6.payloadLength(frames, l3);
        long walked = Ipv6.walk(frames, l3, packetEnd);
        if (walked < 0) {
            return invalid(burst, i, Reason.IPV6_EXTENSION_INVALID);
        }
        long l4 = l3 + Ipv6.l4Offset(walked);
        burst.l4(i, l4);
        burst.l4Length(i, (int) (packetEnd - l4));
        int protocol = Ipv6.protocol(walked);
        if (Ipv6.isFragment(walked)) {
            return fragment(burst, i, protocol);
        }
        return protocol == FiveTuple.ICMPV6
                ? parseIcmpv6(burst, i, frames)
                : parseTransport(burst, i, frames, protocol);
    }

    private static int fragment(Burst burst, int i, int protocol) {
        burst.transport(i, protocol);
        burst.fragments++;
        return FlowKind.FRAGMENT;
    }

    /**
     * Parses the transport header of frame {@code i}, which was made whole from fragments: addresses and IP header are there and good, the
     * header being that of the first fragment.
     */
    public static void parseWhole(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l3 = burst.l3(i);
        long end = burst.l2(i) + burst.length(i);
        boolean ipv4 = burst.isIpv4(i);
        long walked = ipv4 ? 0 : Ipv6.walk(frames, l3, end);
        int protocol = ipv4 ? Ipv4.protocol(frames, l3) : Ipv6.protocol(walked);
        burst.reason(i, Reason.NONE);
        burst.l4(i, l3 + (ipv4 ? Ipv4.headerLength(frames, l3) : Ipv6.l4Offset(walked)));
        burst.l4Length(i, (int) (end - burst.l4(i)));
        int kind =
                switch (protocol) {
                    case FiveTuple.ICMP ->
                        ipv4 ? parseIcmp(burst, i, frames) : parseTransport(burst, i, frames, protocol);
                    case FiveTuple.ICMPV6 ->
                        ipv4 ? parseTransport(burst, i, frames, protocol) : parseIcmpv6(burst, i, frames);
                    default -> parseTransport(burst, i, frames, protocol);
                };
        burst.kind(i, kind);
        if (kind == FlowKind.NEIGHBOR) {
            burst.settle(i, Reason.NEIGHBOR_MESSAGE_INVALID); // never fragmented (RFC 6980 section 5)
        }
    }

    /** Returns the bytes that the transport header of a protocol has at least; 0 for those that are not looked into. */
    public static int minTransportLength(int protocol) {
        return switch (protocol) {
            case FiveTuple.TCP -> Tcp.MIN_HEADER_LENGTH;
            case FiveTuple.UDP -> Udp.HEADER_LENGTH;
            case FiveTuple.SCTP -> Sctp.HEADER_LENGTH;
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> Icmp.HEADER_LENGTH;
            default -> 0;
        };
    }

    private static int parseTransport(Burst burst, int i, MemorySegment frames, int protocol) {
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
            return invalid(burst, i, Reason.L4_HEADER_INVALID);
        }
        // TCP, UDP and SCTP have their ports in the same place.
        burst.transport(i, FiveTuple.transport(Udp.ports(frames, l4), protocol));
        return FlowKind.FLOW;
    }

    private static int parseIcmp(Burst burst, int i, MemorySegment frames) {
        long l4 = burst.l4(i);
        burst.transport(i, FiveTuple.ICMP);
        if (burst.l4Length(i) < Icmp.HEADER_LENGTH) {
            return invalid(burst, i, Reason.L4_HEADER_INVALID);
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

    private static int parseIcmpv6(Burst burst, int i, MemorySegment frames) {
        long l4 = burst.l4(i);
        burst.transport(i, FiveTuple.ICMPV6);
        if (burst.l4Length(i) < Icmpv6.HEADER_LENGTH) {
            return invalid(burst, i, Reason.L4_HEADER_INVALID);
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
