package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.pipeline.Packets;
import io.towpath.packet.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What a device says of its frames is checked before anything trusts it. */
final class VnetHeaderTest extends RouterHarness {
    private static final int PARTIAL = 1;
    private static final int TCPV4 = 1;
    private static final int UFO = 3;
    private static final int TCPV6 = 4;
    private static final int UDP_L4 = 5;
    private static final int ECN = 0x80;
    private static final int L4 = 34;
    private static final int L4_IPV6 = 54;

    private static byte[] header(int flags, int type, int headerLength, int size, int start, int offset) {
        return ByteBuffer.allocate(10)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) flags)
                .put((byte) type)
                .putShort((short) headerLength)
                .putShort((short) size)
                .putShort((short) start)
                .putShort((short) offset)
                .array();
    }

    private static byte[] forUs(byte[] frame) {
        ByteBuffer.wrap(frame).putShort(0, (short) (MAC_A >>> 32)).putInt(2, (int) MAC_A);
        return frame;
    }

    private static byte[] tcp() {
        return forUs(Packets.tcp("10.0.1.2", 4000, "10.0.2.2", 80, 2, 1, 0));
    }

    private static byte[] tcp6() {
        return forUs(Packets.tcp("fd01::2", 4000, "fd02::2", 80, 2, 1, 0));
    }

    private static byte[] udp() {
        return forUs(Packets.udp("10.0.1.2", 4000, "10.0.2.2", 80));
    }

    private long refused(byte[] frame, byte[] header) {
        long before = packets(Reason.VNET_HEADER_INVALID);
        receive(0, frame, header);
        return packets(Reason.VNET_HEADER_INVALID) - before;
    }

    @Test
    void shouldTakeWhatTheKernelSays() {
        int length = tcp().length;

        assertEquals(0, refused(tcp(), header(0, 0, 0, 0, 0, 0)));
        assertEquals(0, refused(tcp(), header(2, 0, 0, 0, 0, 0)), "checksum known to be right");
        assertEquals(0, refused(tcp(), header(PARTIAL, 0, 0, 0, L4, 16)));
        assertEquals(0, refused(udp(), header(PARTIAL, 0, 0, 0, L4, 6)));
        assertEquals(0, refused(tcp(), header(PARTIAL, TCPV4, length, 100, L4, 16)));
        assertEquals(0, refused(tcp(), header(PARTIAL, TCPV4 | ECN, length, 100, L4, 16)));
        assertEquals(0, refused(tcp(), header(0, TCPV4, length, 100, 0, 0)), "checksum complete");
        assertEquals(0, refused(tcp6(), header(PARTIAL, TCPV6, tcp6().length, 100, L4_IPV6, 16)));
        assertEquals(0, refused(udp(), header(PARTIAL, UDP_L4, 42, 100, L4, 6)));
    }

    @Test
    void shouldRefuseAChecksumOutsideTheFrame() {
        int length = tcp().length;

        assertEquals(1, refused(tcp(), header(PARTIAL, 0, 0, 0, length - 1, 0)));
        assertEquals(1, refused(tcp(), header(PARTIAL, 0, 0, 0, L4, length)));
        assertEquals(1, refused(tcp(), header(PARTIAL, 0, 0, 0, 0xFFFF, 0xFFFF)));
        assertEquals(1, refused(tcp(), header(PARTIAL, 0, 0, 0, 13, 16)), "within the Ethernet header");
        assertEquals(0, refused(tcp(), header(PARTIAL, 0, 0, 0, length - 2, 0)), "its last bytes");
    }

    @Test
    void shouldRefuseHeadersLongerThanTheFrame() {
        int length = tcp().length;

        assertEquals(1, refused(tcp(), header(PARTIAL, TCPV4, length + 1, 100, L4, 16)));
        assertEquals(1, refused(tcp(), header(0, 0, 0xFFFF, 0, 0, 0)));
    }

    @Test
    void shouldRefuseSuperFramesThatAreNone() {
        assertEquals(1, refused(tcp(), header(PARTIAL, TCPV4, 54, 0, L4, 16)), "segments of no bytes");
        assertEquals(1, refused(udp(), header(PARTIAL, UFO, 42, 100, L4, 6)), "a type that was not asked for");
        assertEquals(1, refused(tcp(), header(PARTIAL, 77, 54, 100, L4, 16)), "no type");
        assertEquals(1, refused(tcp(), header(PARTIAL, ECN, 54, 100, L4, 16)), "no type but ECN");
        assertEquals(1, refused(udp(), header(PARTIAL, UDP_L4 | ECN, 42, 100, L4, 6)));
        assertEquals(1, refused(tcp(), header(PARTIAL, TCPV6, 54, 100, L4, 16)), "the other family");
        assertEquals(1, refused(tcp6(), header(PARTIAL, TCPV4, 74, 100, L4_IPV6, 16)));
        assertEquals(1, refused(udp(), header(PARTIAL, TCPV4, 42, 100, L4, 16)), "the other transport");
        assertEquals(1, refused(tcp(), header(PARTIAL, UDP_L4, 54, 100, L4, 6)));
        assertEquals(1, refused(tcp(), header(PARTIAL, TCPV4, 54, 100, L4 + 2, 16)), "a checksum elsewhere");
        assertEquals(1, refused(tcp(), header(PARTIAL, TCPV4, 54, 100, L4, 6)));
        assertEquals(1, refused(packet("10.0.1.2", "10.0.2.2", 64, 100), header(0, TCPV4, 34, 100, 0, 0)), "GRE");
        assertEquals(
                1, refused(arp(BROADCAST, 1, HOST_A, "10.0.1.2", "10.0.1.1"), header(0, TCPV4, 34, 100, 0, 0)), "ARP");
    }

    @Test
    void shouldRefuseAFragmentThatIsASuperFrameAndHoldNothing() {
        byte[] fragment = udp();
        ByteBuffer.wrap(fragment).putShort(20, (short) 0x2000).putShort(24, (short) 0);
        ByteBuffer.wrap(fragment).putShort(24, (short) ~sum(fragment, 14, 20));

        assertEquals(1, refused(fragment, header(PARTIAL, UDP_L4, 42, 100, L4, 6)));
        assertEquals(0, packets(Reason.FRAGMENT_HELD));
    }

    @Test
    void shouldCountFramesThatAreCutOff() {
        for (int length = 0; length < 14; length++) {
            receive(0, Arrays.copyOf(tcp(), length), header(PARTIAL, TCPV4, 54, 100, L4, 16));
        }
        assertEquals(14, packets(Reason.FRAME_TRUNCATED));
        for (int length = 14; length < 18; length++) {
            receive(0, Arrays.copyOf(tcp(), length), header(PARTIAL, TCPV4, 54, 100, L4, 16));
            receive(0, Arrays.copyOf(tcp6(), length), header(0, 0, 0, 0, 0, 0));
        }
        assertEquals(8, packets(Reason.IP_HEADER_INVALID));
        byte[] tagged = ethernet(4, MAC_A, HOST_A, 0x8100).array();
        for (int length = 14; length < 18; length++) {
            receive(0, Arrays.copyOf(tagged, length));
        }
        assertEquals(14 + 4, packets(Reason.FRAME_TRUNCATED));
        byte[] superFrame = Arrays.copyOf(tcp(), 9000);
        ByteBuffer.wrap(superFrame).putShort(16, (short) (9000 - 14)).putShort(24, (short) 0);
        ByteBuffer.wrap(superFrame).putShort(24, (short) ~sum(superFrame, 14, 20));
        receive(0, Arrays.copyOf(superFrame, 4096), header(PARTIAL, TCPV4, 54, 1000, L4, 16));
        assertEquals(9, packets(Reason.IP_HEADER_INVALID), "a super-frame without its end");
    }
}
