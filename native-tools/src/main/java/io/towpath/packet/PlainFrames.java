package io.towpath.packet;

import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * Parses the frames that there are most of by a few wide loads, in runs that C2 compiles by themselves; leaves all others to
 * {@link FrameParser}, as they were.
 */
final class PlainFrames {
    /** EtherType, and the first byte of an IPv4 header without options. */
    private static final int PLAIN_IPV4 = Ethernet.TYPE_IPV4 << 8 | 0x45;
    /** Ethernet, IPv4 and UDP headers. */
    private static final int PLAIN_MIN_LENGTH = Ethernet.HEADER_LENGTH + Ipv4.MIN_HEADER_LENGTH + Udp.HEADER_LENGTH;

    private static final int IPV6_VERSION = 6;
    private static final int PLAIN_IPV6_MIN_LENGTH = Ethernet.HEADER_LENGTH + Ipv6.HEADER_LENGTH + Udp.HEADER_LENGTH;
    /** More-fragments flag and offset in the first eight bytes. */
    private static final int FRAGMENT_MASK = 0x3FFF;

    private PlainFrames() {}

    /** Parses frames from one on as long as they are plain IPv4. Returns the first that is not. */
    static int parseIpv4Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && parsePlainIpv4(burst, i)) {
            i++;
        }
        return i;
    }

    /** As {@link #parseIpv4Run}, for IPv6. */
    static int parseIpv6Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && parsePlainIpv6(burst, i)) {
            i++;
        }
        return i;
    }

    /**
     * Does what {@link FrameParser} does for TCP or UDP over IPv4 without options, tags or fragments, and sound.
     *
     * @return false for a frame that takes a closer look
     */
    private static boolean parsePlainIpv4(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l2 = burst.l2(i);
        int length = burst.length(i);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        if (length < PLAIN_MIN_LENGTH || Bytes.i32(frames, l3 - 2) >>> 8 != PLAIN_IPV4) {
            return false;
        }
        long first = Bytes.i64(frames, l3);
        long second = Bytes.i64(frames, l3 + 8);
        long third = Bytes.i64(frames, l3 + 16); // with the ports
        int l4Length = ((int) (first >>> 32) & 0xFFFF) - Ipv4.MIN_HEADER_LENGTH;
        int protocol = (int) (second >>> 48) & 0xFF;
        long l4 = l3 + Ipv4.MIN_HEADER_LENGTH;
        if ((first & FRAGMENT_MASK) != 0
                || l4Length > length - Ethernet.HEADER_LENGTH - Ipv4.MIN_HEADER_LENGTH
                || !Checksum.isPlainIpv4Valid(first, second, (int) (third >>> 32))
                || !isPlainTransport(frames, l4, l4Length, protocol)
                || !VnetHeader.isPlain(frames, l2) && !isSoundOthers(frames, l2, length, l4, true, protocol)) {
            return false;
        }
        burst.beginPlain(i, FlowKind.PLAIN_IPV4);
        burst.l3(i, l3);
        burst.l4(i, l4);
        burst.l4Length(i, l4Length);
        burst.sourceHi(i, 0);
        burst.sourceLo(i, Address.mapped((int) second));
        burst.destinationHi(i, 0);
        burst.destinationLo(i, Address.IPV4_MAPPED | third >>> 32);
        burst.transport(i, FiveTuple.transport((int) third, protocol));
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
                || !VnetHeader.isPlain(frames, l2) && !isSoundOthers(frames, l2, length, l4, false, protocol)) {
            return false;
        }
        burst.beginPlain(i, FlowKind.PLAIN_IPV6);
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

    /** As {@link Tcp#isValid} and {@link Udp#isValid}; the first eight bytes are there. */
    private static boolean isPlainTransport(MemorySegment frames, long l4, int l4Length, int protocol) {
        return switch (protocol) {
            case FiveTuple.TCP ->
                l4Length >= Tcp.MIN_HEADER_LENGTH
                        && isWithin(Tcp.headerLength(frames, l4), Tcp.MIN_HEADER_LENGTH, l4Length);
            case FiveTuple.UDP -> isWithin(Udp.length(frames, l4), Udp.HEADER_LENGTH, l4Length);
            default -> false;
        };
    }

    /**
     * Returns whether a virtio-net header that says something is right, and the checksum to be completed, if any, the transport's: so come
     * the packets of sockets, super-frames too. Compiled by itself, as the runs are.
     */
    private static boolean isSoundOthers(
            MemorySegment frames, long l2, int length, long l4, boolean isIpv4, int protocol) {
        boolean isTcp = protocol == FiveTuple.TCP;
        int checksumOffset = isTcp ? Tcp.CHECKSUM_OFFSET : Udp.CHECKSUM_OFFSET;
        return VnetHeader.isValid(frames, l2, length, l4, isIpv4, isTcp, checksumOffset)
                && (!VnetHeader.needsChecksum(frames, l2)
                        || VnetHeader.isChecksumAt(frames, l2, (int) (l4 - l2), checksumOffset));
    }

    private static boolean isWithin(int length, int least, int most) {
        return length >= least && length <= most;
    }
}
