package io.towpath.dataplane.port;

import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * What datagrams must have in common to be segments of one super-frame, and how that looks. Frames are untagged, of IPv4 without options or
 * of IPv6 without extension headers.
 */
final class UdpSuperFrame {
    /** Of the first 8 bytes of an IPv4 header all but total length and identification. */
    private static final long IPV4_FIRST = 0xFFFF_0000_0000_FFFFL;
    /** Of the second 8 bytes all but the checksum. */
    private static final long IPV4_SECOND = 0xFFFF_0000_FFFF_FFFFL;

    private UdpSuperFrame() {}

    /**
     * Returns whether a datagram's headers say the same as those of its flow's first one, but for lengths and checksums.
     *
     * @param segments there are so far: cutting gives the next one an identification this much above the first one's
     */
    static boolean areOneFlow(MemorySegment frames, long firstL2, long l2, int segments) {
        if (Bytes.i64(frames, firstL2) != Bytes.i64(frames, l2)
                || Bytes.i64(frames, firstL2 + 6) != Bytes.i64(frames, l2 + 6)) { // up to the EtherType
            return false;
        }
        long firstL3 = firstL2 + Ethernet.HEADER_LENGTH;
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        return isIpv4(frames, l2) ? areOneIpv4Flow(frames, firstL3, l3, segments) : areOneIpv6Flow(frames, firstL3, l3);
    }

    private static boolean areOneIpv4Flow(MemorySegment frames, long first, long l3, int segments) {
        long differences = (Bytes.i64(frames, first) ^ Bytes.i64(frames, l3)) & IPV4_FIRST
                | (Bytes.i64(frames, first + 8) ^ Bytes.i64(frames, l3 + 8)) & IPV4_SECOND
                | Ipv4.destination(frames, first) ^ Ipv4.destination(frames, l3)
                | Udp.ports(frames, first + Ipv4.MIN_HEADER_LENGTH) ^ Udp.ports(frames, l3 + Ipv4.MIN_HEADER_LENGTH);
        int next = Ipv4.identification(frames, first) + segments & 0xFFFF;
        return differences == 0 && (!Ipv4.mayFragment(frames, l3) || Ipv4.identification(frames, l3) == next);
    }

    private static boolean areOneIpv6Flow(MemorySegment frames, long first, long l3) {
        long differences = Bytes.i32(frames, first) ^ Bytes.i32(frames, l3); // traffic class and flow label
        differences |= Bytes.u16(frames, first + 6) ^ Bytes.u16(frames, l3 + 6); // next header and hop limit
        differences |= Ipv6.sourceHi(frames, first) ^ Ipv6.sourceHi(frames, l3);
        differences |= Ipv6.sourceLo(frames, first) ^ Ipv6.sourceLo(frames, l3);
        differences |= Ipv6.destinationHi(frames, first) ^ Ipv6.destinationHi(frames, l3);
        differences |= Ipv6.destinationLo(frames, first) ^ Ipv6.destinationLo(frames, l3);
        differences |= Udp.ports(frames, first + Ipv6.HEADER_LENGTH) ^ Udp.ports(frames, l3 + Ipv6.HEADER_LENGTH);
        return differences == 0;
    }

    /** Returns whether a datagram may be a segment at all: the whole of its packet, none itself, and with a checksum. */
    static boolean mayHold(MemorySegment frames, long l2, long l4, int payload) {
        return Udp.length(frames, l4) == Udp.HEADER_LENGTH + payload
                && !VnetHeader.isGso(frames, l2)
                && (VnetHeader.needsChecksum(frames, l2)
                        ? VnetHeader.isChecksumAt(frames, l2, (int) (l4 - l2), Udp.CHECKSUM_OFFSET)
                        : Udp.checksum(frames, l4) != 0);
    }

    /** Returns whether a datagram has the bytes that its sender gave it, as far as its checksum tells. */
    static boolean isChecksumRight(MemorySegment frames, long l2, long l4) {
        if (VnetHeader.needsChecksum(frames, l2) || VnetHeader.isChecksumVerified(frames, l2)) {
            return true; // it is yet to be made, of these bytes; or the kernel looked
        }
        int length = Udp.length(frames, l4);
        return Checksum.fold(pseudoHeader(frames, l2, length) + Checksum.sum(frames, l4, length)) == 0xFFFF;
    }

    /**
     * Makes a datagram the head of a super-frame: the payloads of all lie behind its headers.
     *
     * @param length of the frame, bytes
     * @param segment payload bytes of each datagram but the last, which may have less
     */
    static void write(MemorySegment frames, long l2, int length, int segment) {
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        int packet = length - Ethernet.HEADER_LENGTH;
        int header = Ipv6.HEADER_LENGTH;
        if (isIpv4(frames, l2)) {
            header = Ipv4.MIN_HEADER_LENGTH;
            Ipv4.totalLength(frames, l3, packet);
            Ipv4.updateChecksum(frames, l3);
        } else {
            Ipv6.payloadLength(frames, l3, packet - header);
        }
        long l4 = l3 + header;
        Udp.length(frames, l4, packet - header);
        Udp.checksum(frames, l4, Checksum.fold(pseudoHeader(frames, l2, packet - header)));
        VnetHeader.udpSegments(frames, l2, (int) (l4 - l2), segment);
    }

    private static long pseudoHeader(MemorySegment frames, long l2, int length) {
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        long addresses = isIpv4(frames, l2) ? Checksum.sum(frames, l3 + 12, 8) : Checksum.sum(frames, l3 + 8, 32);
        return addresses + FiveTuple.UDP + length;
    }

    private static boolean isIpv4(MemorySegment frames, long l2) {
        return Ethernet.type(frames, l2) == Ethernet.TYPE_IPV4;
    }
}
