package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts super-frames as Linux does ({@code __udp_gso_segment}, {@code inet_gso_segment}), sharing no code with what makes them. */
final class Segments {
    private static final int L3 = Datagram.VNET + 14;
    private static final int UDP_L4 = 5;

    private Segments() {}

    /** Returns the frames, without virtio-net headers, that leave a device for one that was written to it. */
    static List<byte[]> of(byte[] written) {
        ByteBuffer header = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
        if (written[1] == 0) {
            return List.of(wire(written, written[0] == 1 ? header.getShort(6) + Datagram.VNET : 0));
        }
        boolean ipv4 = written[L3] >>> 4 == 4;
        int l4 = L3 + (ipv4 ? 20 : 40);
        int size = header.getShort(4) & 0xFFFF;
        assertEquals(1, written[0], "flags");
        assertEquals(UDP_L4, written[1], "type");
        assertEquals(l4 + 8 - Datagram.VNET, header.getShort(2), "length of the headers");
        assertEquals(l4 - Datagram.VNET, header.getShort(6), "start of the checksum");
        assertEquals(6, header.getShort(8), "offset of the checksum");
        assertTrue(size > 0 && written.length > l4 + 8 + size, "more than one segment");
        assertWhole(written, ipv4, l4);
        List<byte[]> segments = new ArrayList<>();
        for (int from = l4 + 8; from < written.length; from += size) {
            segments.add(segment(written, ipv4, l4, from, Math.min(size, written.length - from), segments.size()));
        }
        assertTrue(segments.size() <= 64, "not too many segments");
        return segments;
    }

    private static void assertWhole(byte[] written, boolean ipv4, int l4) {
        ByteBuffer frame = ByteBuffer.wrap(written);
        int udp = written.length - l4;
        assertEquals(ipv4 ? 20 + udp : udp, frame.getShort(ipv4 ? L3 + 2 : L3 + 4) & 0xFFFF, "length of the packet");
        assertEquals(udp, frame.getShort(l4 + 4) & 0xFFFF, "length of UDP");
        assertEquals(pseudoHeader(written, udp), frame.getShort(l4 + 6) & 0xFFFF, "sum of the pseudo-header");
        assertTrue(!ipv4 || sum(written, L3, 20, 0) == 0xFFFF, "checksum of the IPv4 header");
    }

    private static byte[] segment(byte[] written, boolean ipv4, int l4, int from, int length, int number) {
        byte[] bytes = Arrays.copyOf(written, l4 + 8 + length);
        System.arraycopy(written, from, bytes, l4 + 8, length);
        ByteBuffer segment = ByteBuffer.wrap(bytes);
        if (ipv4) {
            segment.putShort(L3 + 2, (short) (28 + length));
            segment.putShort(L3 + 4, (short) (segment.getShort(L3 + 4) + number));
            segment.putShort(L3 + 10, (short) 0).putShort(L3 + 10, (short) ~sum(bytes, L3, 20, 0));
        } else {
            segment.putShort(L3 + 4, (short) (8 + length));
        }
        segment.putShort(l4 + 4, (short) (8 + length)).putShort(l4 + 6, (short) pseudoHeader(bytes, 8 + length));
        return wire(bytes, l4);
    }

    /** Completes the checksum of what begins there, if it is not 0, and takes the virtio-net header off. */
    private static byte[] wire(byte[] written, int l4) {
        byte[] bytes = written.clone();
        if (l4 > 0) {
            ByteBuffer frame = ByteBuffer.wrap(bytes);
            int length = frame.getShort(l4 + 4) & 0xFFFF;
            int checksum = ~sum(bytes, l4, length, 0) & 0xFFFF;
            frame.putShort(l4 + 6, (short) (checksum == 0 ? 0xFFFF : checksum));
        }
        return Arrays.copyOfRange(bytes, Datagram.VNET, bytes.length);
    }

    /** Returns the folded sum of the pseudo-header of UDP, for a frame behind its virtio-net header. */
    static int pseudoHeader(byte[] frame, int length) {
        boolean ipv4 = frame[L3] >>> 4 == 4;
        int addresses = ipv4 ? sum(frame, L3 + 12, 8, 0) : sum(frame, L3 + 8, 32, 0);
        int sum = addresses + 17 + length;
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return (sum & 0xFFFF) + (sum >>> 16);
    }

    static int sum(byte[] bytes, int from, int length, int initial) {
        int sum = initial;
        for (int i = 0; i < length; i += 2) {
            sum += (bytes[from + i] & 0xFF) << 8 | (i + 1 < length ? bytes[from + i + 1] & 0xFF : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
