package io.towpath.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * virtio_net_hdr ({@code linux/virtio_net.h}), 10 bytes, little-endian, right before the Ethernet header: flags 0, GSO type 1, header
 * length 2, segment size 4, checksum start 6, checksum offset 8.
 */
public final class VnetHeader {
    public static final int LENGTH = 10;
    /** The transport checksum holds the pseudo-header sum only; the receiver completes it from {@code checksum start} on. */
    public static final int NEEDS_CSUM = 1;
    /** The checksum was found to be right. */
    private static final int DATA_VALID = 2;

    public static final int GSO_NONE = 0;
    private static final int GSO_TCPV4 = 1;
    private static final int GSO_TCPV6 = 4;
    private static final int GSO_UDP_L4 = 5;
    /** Beside a type of TCP. */
    private static final int GSO_ECN = 0x80;

    private VnetHeader() {}

    /** @param l2 start of the Ethernet header behind it, here and below */
    public static boolean needsChecksum(MemorySegment frame, long l2) {
        return (Bytes.u8(frame, l2 - LENGTH) & NEEDS_CSUM) != 0;
    }

    /** Returns whether the checksum to be completed is this one, both in bytes: the start from {@code l2}, the offset from the start. */
    public static boolean isChecksumAt(MemorySegment frame, long l2, int start, int offset) {
        return le16(frame, l2 - LENGTH + 6) == start && le16(frame, l2 - LENGTH + 8) == offset;
    }

    /** Returns whether the device says that the checksum, which is complete, is right. */
    public static boolean isChecksumVerified(MemorySegment frame, long l2) {
        return (Bytes.u8(frame, l2 - LENGTH) & DATA_VALID) != 0;
    }

    /** Returns whether the header says nothing: a frame with complete checksums that is no super-frame. */
    public static boolean isPlain(MemorySegment frame, long l2) {
        return Bytes.i64(frame, l2 - LENGTH) == 0; // only the checksum's offset is behind, which means nothing alone
    }

    /**
     * Returns whether what the header says lies within the frame, and whether a super-frame is one of its own transport, with its checksum
     * where that has it: as the kernel wants it from us ({@code virtio_net_hdr_to_skb}), so that we need not send what it would refuse.
     *
     * @param length of the frame, in bytes
     * @param l4 start of the transport header
     * @param checksumOffset of the transport header's checksum, -1 for a transport that has no super-frames
     * @param isTcp whether that is TCP, else UDP
     */
    public static boolean isValid(
            MemorySegment frame, long l2, int length, long l4, boolean isIpv4, boolean isTcp, int checksumOffset) {
        if (headerLength(frame, l2) > length) {
            return false;
        }
        boolean partial = needsChecksum(frame, l2);
        int start = le16(frame, l2 - LENGTH + 6);
        int offset = le16(frame, l2 - LENGTH + 8);
        if (partial && (start < Ethernet.HEADER_LENGTH || start + offset + 2 > length)) {
            return false;
        }
        int type = Bytes.u8(frame, l2 - LENGTH + 1);
        if (type == GSO_NONE) {
            return true;
        }
        boolean isOwn = checksumOffset >= 0
                && (isTcp ? (type & ~GSO_ECN) == (isIpv4 ? GSO_TCPV4 : GSO_TCPV6) : type == GSO_UDP_L4);
        return isOwn
                && segmentSize(frame, l2) > 0
                && (!partial || isChecksumAt(frame, l2, (int) (l4 - l2), checksumOffset));
    }

    private static int headerLength(MemorySegment frame, long l2) {
        return le16(frame, l2 - LENGTH + 2);
    }

    private static int le16(MemorySegment frame, long at) {
        return Short.reverseBytes((short) Bytes.u16(frame, at)) & 0xFFFF;
    }

    private static void le16(MemorySegment frame, long at, int value) {
        Bytes.u16(frame, at, Short.reverseBytes((short) value));
    }

    /** Returns whether the frame is a super-frame that will be cut into segments. */
    public static boolean isGso(MemorySegment frame, long l2) {
        return Bytes.u8(frame, l2 - LENGTH + 1) != GSO_NONE;
    }

    /** Returns the payload bytes of a segment of a super-frame. */
    public static int segmentSize(MemorySegment frame, long l2) {
        return le16(frame, l2 - LENGTH + 4);
    }

    /**
     * A super-frame of UDP datagrams, whose checksums are yet to be made.
     *
     * @param l4Offset of the UDP header from {@code l2}, bytes
     * @param segmentSize payload bytes of each datagram but the last, which may have less
     */
    public static void udpSegments(MemorySegment frame, long l2, int l4Offset, int segmentSize) {
        long at = l2 - LENGTH;
        Bytes.u8(frame, at, NEEDS_CSUM);
        Bytes.u8(frame, at + 1, GSO_UDP_L4);
        le16(frame, at + 2, l4Offset + Udp.HEADER_LENGTH);
        le16(frame, at + 4, segmentSize);
        le16(frame, at + 6, l4Offset);
        le16(frame, at + 8, Udp.CHECKSUM_OFFSET);
    }

    /** A plain frame with complete checksums. */
    public static void clear(MemorySegment frame, long l2) {
        frame.set(ValueLayout.JAVA_LONG_UNALIGNED, l2 - LENGTH, 0L);
        frame.set(ValueLayout.JAVA_SHORT_UNALIGNED, l2 - 2, (short) 0);
    }
}
