package io.towpath.bench.core;

import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** Writes a TCP segment from fields that a caller sets. Reused; nothing is allocated. */
final class TcpFrame {
    /** IPv4: 64 bytes, the least that Ethernet carries without its check sequence, padding included. */
    private static final int LENGTH_V4 = 64;

    private static final int LENGTH_V6 = 78;

    private static final int TTL = 64;
    /** In the virtio-net header; little-endian, so that these are their low bytes. */
    private static final int CHECKSUM_START = 6;

    private static final int CHECKSUM_OFFSET = 8;
    /** A SYN's option: window scale 14 and an end of options, so that a window takes 1 GiB. */
    private static final int WINDOW_SCALE = 0x03030E00;

    boolean ipv4;
    /** Whether the checksum is left to the device, as sockets do. */
    boolean isPartial;

    long sourceHi;
    long sourceLo;
    long destinationHi;
    long destinationLo;
    int sourcePort;
    int destinationPort;

    /** Returns how long its frames are, bytes. */
    int length() {
        return ipv4 ? LENGTH_V4 : LENGTH_V6;
    }

    /**
     * Writes the frame from {@code l2} on: a SYN with the window scale, another segment with one byte of payload.
     *
     * @param destinationMac of the router
     */
    void write(MemorySegment frames, long l2, long destinationMac, int flags, int sequence, int acknowledgment) {
        VnetHeader.clear(frames, l2);
        Ethernet.addresses(frames, l2, destinationMac, RouterMaps.NEIGHBOR_MAC);
        Ethernet.type(frames, l2, ipv4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        boolean syn = (flags & Tcp.SYN) != 0;
        int segment = Tcp.MIN_HEADER_LENGTH + (syn ? 4 : 1);
        long l4 = l3 + (ipv4 ? Ipv4.MIN_HEADER_LENGTH : Ipv6.HEADER_LENGTH);
        if (ipv4) {
            int length = Ipv4.MIN_HEADER_LENGTH + segment;
            Ipv4.write(frames, l3, length, TTL, FiveTuple.TCP, (int) sourceLo, (int) destinationLo);
        } else {
            Ipv6.write(frames, l3, segment, FiveTuple.TCP, TTL);
            Ipv6.source(frames, l3, sourceHi, sourceLo);
            Ipv6.destination(frames, l3, destinationHi, destinationLo);
        }
        if (isPartial) {
            Bytes.u8(frames, l2 - VnetHeader.LENGTH, VnetHeader.NEEDS_CSUM);
            Bytes.u8(frames, l2 - VnetHeader.LENGTH + CHECKSUM_START, (int) (l4 - l2));
            Bytes.u8(frames, l2 - VnetHeader.LENGTH + CHECKSUM_OFFSET, Tcp.CHECKSUM_OFFSET);
        }
        Udp.ports(frames, l4, sourcePort, destinationPort);
        Bytes.i32(frames, l4 + 4, sequence);
        Bytes.i32(frames, l4 + 8, acknowledgment);
        Bytes.i32(frames, l4 + 12, (syn ? 6 : 5) << 28 | flags << 16 | 0xFFFF);
        Bytes.i32(frames, l4 + 16, 0x56780000);
        if (syn) {
            Bytes.i32(frames, l4 + 20, WINDOW_SCALE);
        }
    }

    /** Sets the fields to what answers a frame. */
    void reverseOf(MemorySegment frames, long l2) {
        ipv4 = Ethernet.type(frames, l2) == Ethernet.TYPE_IPV4;
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        long l4 = l3 + (ipv4 ? Ipv4.MIN_HEADER_LENGTH : Ipv6.HEADER_LENGTH);
        sourceHi = ipv4 ? 0 : Ipv6.destinationHi(frames, l3);
        sourceLo = ipv4 ? Ipv4.destination(frames, l3) : Ipv6.destinationLo(frames, l3);
        destinationHi = ipv4 ? 0 : Ipv6.sourceHi(frames, l3);
        destinationLo = ipv4 ? Ipv4.source(frames, l3) : Ipv6.sourceLo(frames, l3);
        sourcePort = Udp.destinationPort(frames, l4);
        destinationPort = Udp.sourcePort(frames, l4);
    }
}
