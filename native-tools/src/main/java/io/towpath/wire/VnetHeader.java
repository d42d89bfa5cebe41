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

    public static final int GSO_NONE = 0;

    private VnetHeader() {}

    /** @param l2 start of the Ethernet header behind it, here and below */
    public static boolean needsChecksum(MemorySegment frame, long l2) {
        return (Bytes.u8(frame, l2 - LENGTH) & NEEDS_CSUM) != 0;
    }

    /** Returns whether the frame is a super-frame that will be cut into segments. */
    public static boolean isGso(MemorySegment frame, long l2) {
        return Bytes.u8(frame, l2 - LENGTH + 1) != GSO_NONE;
    }

    /** Returns the payload bytes of a segment of a super-frame. */
    public static int segmentSize(MemorySegment frame, long l2) {
        return frame.get(Bytes.LE16, l2 - LENGTH + 4) & 0xFFFF;
    }

    /** A plain frame with complete checksums. */
    public static void clear(MemorySegment frame, long l2) {
        frame.set(ValueLayout.JAVA_LONG_UNALIGNED, l2 - LENGTH, 0L);
        frame.set(ValueLayout.JAVA_SHORT_UNALIGNED, l2 - 2, (short) 0);
    }
}
