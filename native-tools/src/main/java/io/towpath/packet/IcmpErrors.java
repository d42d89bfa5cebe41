package io.towpath.packet;

import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Icmp;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** Writes ICMP errors about packets (RFC 792, RFC 1812 section 4.3, RFC 4443). Allocates nothing. */
public final class IcmpErrors {
    /** Total length of an ICMP error, bytes (RFC 1812 section 4.3.2.3). */
    private static final int IPV4_LENGTH_MAX = 576;
    /** Total length of an ICMPv6 error: the minimum MTU (RFC 4443 section 2.4(c)). */
    private static final int IPV6_LENGTH_MAX = 1280;

    private static final int HOP_LIMIT = 64;

    private IcmpErrors() {}

    /**
     * Returns whether an error may be sent about frame {@code i}: not about ICMP errors, later fragments, link-layer or IP multicast and
     * broadcast, nor to a source that is no single host (RFC 1122 section 3.2.2, RFC 4443 section 2.4(e)).
     */
    public static boolean mayAnswer(Burst burst, int i) {
        if (burst.kind(i) == FlowKind.ICMP_ERROR
                || burst.kind(i) == FlowKind.FRAGMENT
                || Ethernet.isGroup(Ethernet.destination(burst.frames, burst.l2(i)))) {
            return false;
        }
        return isSingleHost(burst.sourceHi(i), burst.sourceLo(i))
                && isSingleHost(burst.destinationHi(i), burst.destinationLo(i));
    }

    private static boolean isSingleHost(long hi, long lo) {
        if (!Address.isIpv4(hi, lo)) {
            return hi >>> 56 != 0xFF && (hi | lo) != 0;
        }
        int first = (int) (lo >>> 24) & 0xFF;
        return first != 0 && first < 224;
    }

    /**
     * Writes an error about frame {@code i} to its sender, as a whole frame at {@code outL2} with the MAC addresses of the frame swapped.
     *
     * @param sourceHi address that the error comes from
     * @param parameter second word of the ICMP header: MTU or pointer
     * @return bytes from {@code outL2}
     */
    public static int write(
            Burst burst,
            int i,
            MemorySegment out,
            long outL2,
            long sourceHi,
            long sourceLo,
            int type,
            int code,
            int parameter) {
        MemorySegment in = burst.frames;
        long l2 = burst.l2(i);
        int linkLength = (int) (burst.l3(i) - l2);
        boolean ipv4 = burst.isIpv4(i);
        int ipLength = ipv4 ? Ipv4.MIN_HEADER_LENGTH : Ipv6.HEADER_LENGTH;
        int room = (ipv4 ? IPV4_LENGTH_MAX : IPV6_LENGTH_MAX) - ipLength - Icmp.HEADER_LENGTH;
        // By its header: of a packet that came in fragments, only the first is quoted.
        int packetLength =
                ipv4 ? Ipv4.totalLength(in, burst.l3(i)) : Ipv6.HEADER_LENGTH + Ipv6.payloadLength(in, burst.l3(i));
        int quoted = Math.min(packetLength, room);
        long outL3 = outL2 + linkLength;
        long outL4 = outL3 + ipLength;

        VnetHeader.clear(out, outL2);
        MemorySegment.copy(in, l2, out, outL2, linkLength); // with VLAN tags, if any
        Ethernet.addresses(out, outL2, Ethernet.source(in, l2), Ethernet.destination(in, l2));
        MemorySegment.copy(in, burst.l3(i), out, outL4 + Icmp.HEADER_LENGTH, quoted);
        Bytes.i32(out, outL4, type << 24 | code << 16);
        Bytes.i32(out, outL4 + 4, parameter);

        int icmpLength = Icmp.HEADER_LENGTH + quoted;
        long sum = Checksum.sum(out, outL4, icmpLength);
        if (ipv4) {
            Ipv4.write(out, outL3, ipLength + icmpLength, HOP_LIMIT, FiveTuple.ICMP, (int) sourceLo, (int)
                    burst.sourceLo(i));
        } else {
            Ipv6.write(out, outL3, icmpLength, FiveTuple.ICMPV6, HOP_LIMIT);
            Ipv6.source(out, outL3, sourceHi, sourceLo);
            Ipv6.destination(out, outL3, burst.sourceHi(i), burst.sourceLo(i));
            sum += Checksum.pseudoHeader(
                    sourceHi, sourceLo, burst.sourceHi(i), burst.sourceLo(i), FiveTuple.ICMPV6, icmpLength);
        }
        Icmp.checksum(out, outL4, Checksum.finish(sum));
        return linkLength + ipLength + icmpLength;
    }
}
