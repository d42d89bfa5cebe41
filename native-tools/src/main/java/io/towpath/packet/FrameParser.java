package io.towpath.packet;

import io.towpath.wire.Address;
import io.towpath.wire.Arp;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import io.towpath.wire.Vlan;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * The first stage: checks every header of a frame once, the virtio-net header too, and fills the frame's fields in the {@link Burst}. Later
 * stages trust them. {@link PlainFrames} takes the frames that there are most of, {@link TransportParser} what lies behind an IP header.
 *
 * <p>Any bytes are safe input: a frame that cannot be parsed gets {@link FlowKind#INVALID} and the reason.
 */
public final class FrameParser {
    /** 802.1ad allows two tags; more are not seen on networks that carry pods. */
    private static final int VLAN_TAGS_LIMIT = 2;

    private FrameParser() {}

    /** Parses all frames of the burst. Owner worker only. */
    public static void parse(Burst burst) {
        int i = 0;
        while (i < burst.count) {
            int end = PlainFrames.parseIpv4Run(burst, i);
            i = end > i ? end : parseOthers(burst, i);
        }
    }

    /** Parses a run of plain IPv6, or one frame. Returns the next one. */
    private static int parseOthers(Burst burst, int i) {
        int end = PlainFrames.parseIpv6Run(burst, i);
        if (end > i) {
            return end;
        }
        parseFieldByField(burst, i);
        return i + 1;
    }

    /** Parses any frame; what {@link PlainFrames} makes of its own is the same. */
    static void parseFieldByField(Burst burst, int i) {
        burst.begin(i);
        burst.kind(i, parseFrame(burst, i));
        if (burst.kind(i) != FlowKind.INVALID && !VnetHeader.isPlain(burst.frames, burst.l2(i))) {
            checkVnetHeader(burst, i);
        }
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

    private static int parseFrame(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l2 = burst.l2(i);
        long end = l2 + burst.length(i);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        if (l3 > end) {
            return burst.invalid(i, Reason.FRAME_TRUNCATED);
        }
        int type = Ethernet.type(frames, l2);
        for (int tags = 0; type == Ethernet.TYPE_VLAN || type == Ethernet.TYPE_QINQ; tags++) {
            if (tags == VLAN_TAGS_LIMIT) {
                return burst.invalid(i, Reason.VLAN_UNEXPECTED);
            }
            if (l3 + Vlan.HEADER_LENGTH > end) {
                return burst.invalid(i, Reason.FRAME_TRUNCATED);
            }
            type = Vlan.type(frames, l3);
            l3 += Vlan.HEADER_LENGTH;
        }
        burst.l3(i, l3);
        return switch (type) {
            case Ethernet.TYPE_IPV4 -> parseIpv4(burst, i, frames, l3, end);
            case Ethernet.TYPE_IPV6 -> parseIpv6(burst, i, frames, l3, end);
            case Ethernet.TYPE_ARP ->
                Arp.isValid(frames, l3, end) ? FlowKind.ARP : burst.invalid(i, Reason.ARP_INVALID);
            default -> burst.invalid(i, Reason.ETHERTYPE_UNKNOWN);
        };
    }

    private static int parseIpv4(Burst burst, int i, MemorySegment frames, long l3, long end) {
        if (!Ipv4.isValid(frames, l3, end)) {
            return burst.invalid(i, Reason.IP_HEADER_INVALID);
        }
        if (!Ipv4.isHeaderChecksumValid(frames, l3)) {
            return burst.invalid(i, Reason.IP_CHECKSUM_WRONG);
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
        return TransportParser.parse(burst, i, protocol);
    }

    private static int parseIpv6(Burst burst, int i, MemorySegment frames, long l3, long end) {
        if (!Ipv6.isValid(frames, l3, end)) {
            return burst.invalid(i, Reason.IP_HEADER_INVALID);
        }
        burst.sourceHi(i, Ipv6.sourceHi(frames, l3));
        burst.sourceLo(i, Ipv6.sourceLo(frames, l3));
        burst.destinationHi(i, Ipv6.destinationHi(frames, l3));
        burst.destinationLo(i, Ipv6.destinationLo(frames, l3));
        if (Address.isIpv4(burst.sourceHi(i), burst.sourceLo(i)) || burst.isIpv4(i)) {
            // v4-mapped addresses never appear on a wire (RFC 6890 section 2.2.3), and here they mean IPv4.
            return burst.invalid(i, Reason.SOURCE_ADDRESS_INVALID);
        }
        long packetEnd = l3 + Ipv6.HEADER_LENGTH + Ipv6.payloadLength(frames, l3);
        long walked = Ipv6.walk(frames, l3, packetEnd);
        if (walked < 0) {
            return burst.invalid(i, Reason.IPV6_EXTENSION_INVALID);
        }
        long l4 = l3 + Ipv6.l4Offset(walked);
        burst.l4(i, l4);
        burst.l4Length(i, (int) (packetEnd - l4));
        int protocol = Ipv6.protocol(walked);
        if (Ipv6.isFragment(walked)) {
            return fragment(burst, i, protocol);
        }
        return TransportParser.parse(burst, i, protocol);
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
        int kind = TransportParser.parse(burst, i, protocol);
        burst.kind(i, kind);
        if (kind == FlowKind.NEIGHBOR) {
            burst.settle(i, Reason.NEIGHBOR_MESSAGE_INVALID); // never fragmented (RFC 6980 section 5)
        }
    }
}
