package io.towpath.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.wire.Address;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which frames are plain and what is known of them then; all others are left as they were. */
final class PlainFramesTest {
    private static final int TCP = FiveTuple.TCP;
    private static final int UDP = FiveTuple.UDP;
    private static final int L3 = RawFrame.L3;
    private static final int V4 = RawFrame.IPV4_L4;
    private static final int V6 = RawFrame.IPV6_L4;
    /** Flags of the virtio-net header: the checksum is to be completed; it was found to be right. */
    private static final int PARTIAL = 1;

    private static final int VERIFIED = 2;

    private static final int UNTOUCHED = 77;
    private static final int TRIES = 50_000;

    private final Arena arena = Arena.ofConfined();
    private final Burst burst = new Burst(arena.allocate(4_096));
    private final Burst whole = new Burst(arena.allocate(4_096));

    @AfterEach
    void close() {
        arena.close();
    }

    private boolean isTaken(RawFrame frame) {
        frame.putInto(burst);
        burst.kind(0, UNTOUCHED);
        burst.transport(0, UNTOUCHED);
        burst.l3(0, UNTOUCHED);
        burst.reason(0, Reason.SERVICE);
        int taken = PlainFrames.parseIpv4Run(burst, 0) + PlainFrames.parseIpv6Run(burst, 0);
        if (taken == 0) {
            assertEquals(UNTOUCHED, burst.kind(0));
            assertEquals(UNTOUCHED, burst.transport(0));
            assertEquals(UNTOUCHED, burst.l3(0));
            assertEquals(Reason.SERVICE, burst.reason(0));
        }
        return taken == 1;
    }

    static Stream<Arguments> plain() {
        return Stream.of(
                Arguments.of("TCP", RawFrame.ipv4(TCP)),
                Arguments.of("UDP", RawFrame.ipv4(UDP)),
                Arguments.of("TCP over IPv6", RawFrame.ipv6(TCP)),
                Arguments.of("UDP over IPv6", RawFrame.ipv6(UDP)),
                Arguments.of("padding", RawFrame.ipv4(UDP).length(60)),
                Arguments.of("padding of IPv6", RawFrame.ipv6(UDP).length(100)),
                Arguments.of(
                        "fragmenting allowed", RawFrame.ipv4(TCP).u16(L3 + 6, 0).sum()),
                Arguments.of(
                        "a class of service",
                        RawFrame.ipv4(TCP).u8(L3 + 1, 0xB8).sum()),
                Arguments.of("the last hop", RawFrame.ipv4(TCP).u8(L3 + 8, 0).sum()),
                Arguments.of("TCP options", RawFrame.ipv4(TCP).u8(V4 + 12, 0x60)),
                Arguments.of("a datagram with bytes behind", RawFrame.ipv4(UDP).u16(V4 + 4, 8)),
                Arguments.of(
                        "a datagram without payload",
                        RawFrame.ipv4(UDP)
                                .length(V4 + 8)
                                .u16(L3 + 2, 28)
                                .u16(V4 + 4, 8)
                                .sum()),
                Arguments.of("the checksum's offset alone", RawFrame.ipv4(TCP).u8(-2, 16)),
                Arguments.of("a checksum that is verified", RawFrame.ipv6(TCP).u8(-10, VERIFIED)),
                Arguments.of("a socket's segment", vnet(RawFrame.ipv4(TCP), PARTIAL, 0, 0, V4, 16)),
                Arguments.of("a socket's datagram", vnet(RawFrame.ipv6(UDP), PARTIAL, 0, 0, V6, 6)),
                Arguments.of("a super-frame", vnet(RawFrame.ipv4(TCP), PARTIAL, 1, 2, V4, 16)),
                Arguments.of("one with ECN", vnet(RawFrame.ipv6(TCP), PARTIAL, 0x84, 2, V6, 16)),
                Arguments.of("a super-frame of datagrams", vnet(RawFrame.ipv6(UDP), PARTIAL, 5, 2, V6, 6)),
                Arguments.of("a place of the checksum alone", RawFrame.ipv4(TCP).u8(-4, 34)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("plain")
    void shouldTake(String what, RawFrame frame) {
        assertTrue(isTaken(frame), what);
    }

    static Stream<Arguments> others() {
        return Stream.of(
                Arguments.of("another EtherType", RawFrame.ipv4(TCP).u16(RawFrame.TYPE, 0x0806)),
                Arguments.of("a VLAN tag", RawFrame.ipv4(TCP).u16(RawFrame.TYPE, 0x8100)),
                Arguments.of("IPv6 by its EtherType only", RawFrame.ipv4(TCP).u16(RawFrame.TYPE, 0x86DD)),
                Arguments.of("IPv4 by its EtherType only", RawFrame.ipv6(TCP).u16(RawFrame.TYPE, 0x0800)),
                Arguments.of("a version", RawFrame.ipv4(TCP).u8(L3, 0x55).sum()),
                Arguments.of("a version of IPv6", RawFrame.ipv6(TCP).u8(L3, 0x70)),
                Arguments.of("options", RawFrame.ipv4(TCP).u8(L3, 0x46).sum()),
                Arguments.of("a header that is too short", RawFrame.ipv4(TCP).u8(L3, 0x44)),
                Arguments.of(
                        "more fragments", RawFrame.ipv4(UDP).u16(L3 + 6, 0x2000).sum()),
                Arguments.of(
                        "the smallest offset", RawFrame.ipv4(UDP).u16(L3 + 6, 1).sum()),
                Arguments.of(
                        "the largest offset",
                        RawFrame.ipv4(UDP).u16(L3 + 6, 0x1000).sum()),
                Arguments.of("a wrong checksum", RawFrame.ipv4(UDP).u8(L3 + 8, 63)),
                Arguments.of(
                        "a packet that is cut off",
                        RawFrame.ipv4(TCP).u16(L3 + 2, 20 + 27).sum()),
                Arguments.of(
                        "a packet that is cut off, of IPv6", RawFrame.ipv6(TCP).u16(L3 + 4, 27)),
                Arguments.of(
                        "a packet below its header",
                        RawFrame.ipv4(UDP).u16(L3 + 2, 19).sum()),
                Arguments.of("no packet", RawFrame.ipv4(UDP).u16(L3 + 2, 0).sum()),
                Arguments.of("no payload of IPv6", RawFrame.ipv6(TCP).u16(L3 + 4, 0)),
                Arguments.of("a frame cut in the header", RawFrame.ipv4(UDP).length(V4 - 1)),
                Arguments.of(
                        "a frame cut in the header of IPv6", RawFrame.ipv6(UDP).length(V6 - 1)),
                Arguments.of(
                        "a frame cut in the Ethernet header", RawFrame.ipv4(UDP).length(L3 - 1)),
                Arguments.of("ICMP", RawFrame.ipv4(FiveTuple.ICMP)),
                Arguments.of("ICMPv6", RawFrame.ipv6(FiveTuple.ICMPV6)),
                Arguments.of("SCTP", RawFrame.ipv4(FiveTuple.SCTP)),
                Arguments.of("an extension header", RawFrame.ipv6(TCP).u8(L3 + 6, 0)),
                Arguments.of("a fragment of IPv6", RawFrame.ipv6(TCP).u8(L3 + 6, 44)),
                Arguments.of("TCP with a short header", RawFrame.ipv4(TCP).u8(V4 + 12, 0x40)),
                Arguments.of("TCP with options cut off", RawFrame.ipv6(TCP).u8(V6 + 12, 0x70)),
                Arguments.of(
                        "TCP cut off", RawFrame.ipv4(TCP).u16(L3 + 2, 20 + 19).sum()),
                Arguments.of("a datagram below its header", RawFrame.ipv4(UDP).u16(V4 + 4, 7)),
                Arguments.of("a datagram beyond the packet", RawFrame.ipv6(UDP).u16(V6 + 4, 15)),
                Arguments.of("a source below ::1:0:0:0:0", RawFrame.ipv6(TCP).u16(L3 + 8, 0)),
                Arguments.of(
                        "a destination there",
                        RawFrame.ipv6(TCP).u16(L3 + 24, 0).u16(L3 + 26, 0)),
                Arguments.of("another checksum to be completed", vnet(RawFrame.ipv4(TCP), PARTIAL, 0, 0, V4 + 2, 16)),
                Arguments.of("at another offset", vnet(RawFrame.ipv4(UDP), PARTIAL, 0, 0, V4, 16)),
                Arguments.of("a super-frame of no bytes", vnet(RawFrame.ipv4(TCP), PARTIAL, 1, 0, V4, 16)),
                Arguments.of("of another protocol", vnet(RawFrame.ipv4(UDP), PARTIAL, 1, 2, V4, 6)),
                Arguments.of("of another family", vnet(RawFrame.ipv4(TCP), PARTIAL, 4, 2, V4, 16)),
                Arguments.of("headers beyond the frame", RawFrame.ipv4(TCP).u8(-8, 200)));
    }

    /** Gives a frame a virtio-net header, little-endian as it is. */
    private static RawFrame vnet(RawFrame frame, int flags, int gsoType, int segment, int start, int offset) {
        return frame.u8(-10, flags)
                .u8(-9, gsoType)
                .u8(-6, segment)
                .u8(-4, start)
                .u8(-2, offset);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("others")
    void shouldLeave(String what, RawFrame frame) {
        assertFalse(isTaken(frame), what);
    }

    @Test
    void shouldFillEachFieldOfIpv4() {
        assertTrue(isTaken(RawFrame.ipv4(UDP).length(60)));

        assertFlow(L3 + 20, 14, 17);
        assertEquals(Address.parse("10.0.0.1"), new Address(burst.sourceHi(0), burst.sourceLo(0)));
        assertEquals(Address.parse("10.96.0.10"), new Address(burst.destinationHi(0), burst.destinationLo(0)));
    }

    @Test
    void shouldFillEachFieldOfIpv6() {
        assertTrue(isTaken(RawFrame.ipv6(TCP)));

        assertFlow(L3 + 40, 26, 6);
        assertEquals(Address.parse("fd00::1"), new Address(burst.sourceHi(0), burst.sourceLo(0)));
        assertEquals(Address.parse("fd00:96::a"), new Address(burst.destinationHi(0), burst.destinationLo(0)));
    }

    private void assertFlow(int l4, int l4Length, int protocol) {
        assertEquals(FlowKind.FLOW, burst.kind(0));
        assertEquals(Reason.NONE, burst.reason(0));
        assertEquals(-1, burst.handle(0));
        assertEquals(L3, burst.l3(0) - burst.l2(0));
        assertEquals(l4, burst.l4(0) - burst.l2(0));
        assertEquals(l4Length, burst.l4Length(0));
        assertEquals(0xABCD_01BB_0000_0000L | protocol, burst.transport(0));
    }

    @Test
    void shouldBePlainNoLongerOnceItIsSettled() {
        assertTrue(isTaken(RawFrame.ipv4(UDP)));
        assertTrue(burst.isPlainIpv4(0));
        burst.settle(0, Reason.FRAME_NOT_FOR_US);

        assertFalse(burst.isPlainIpv4(0));
        assertEquals(FlowKind.INVALID, burst.kind(0));
    }

    @Test
    void shouldNotTakeAFrameForThePlainOneThatItsRecordHadBefore() {
        RawFrame.ipv4(UDP).putInto(burst);
        FrameParser.parse(burst);
        assertTrue(burst.isPlainIpv4(0));
        RawFrame.ipv6(UDP).u8(-10, VERIFIED).putInto(burst);
        FrameParser.parse(burst);

        assertEquals(FlowKind.FLOW, burst.kind(0));
        assertFalse(burst.isIpv4(0));
    }

    @Test
    void shouldEndARunAtTheFirstFrameThatIsNotPlainOrAtTheLast() {
        RawFrame v4 = RawFrame.ipv4(TCP);
        RawFrame v6 = RawFrame.ipv6(UDP);
        long at = 0;
        for (RawFrame frame : new RawFrame[] {v4, v4, v6, v6, v6, RawFrame.ipv4(FiveTuple.ICMP), v4}) {
            at = frame.addTo(burst, at);
        }

        assertEquals(2, PlainFrames.parseIpv4Run(burst, 0));
        assertEquals(2, PlainFrames.parseIpv4Run(burst, 2), "none");
        assertEquals(5, PlainFrames.parseIpv6Run(burst, 2));
        assertEquals(5, PlainFrames.parseIpv6Run(burst, 5), "none");
        assertEquals(7, PlainFrames.parseIpv4Run(burst, 6));
        assertEquals(7, PlainFrames.parseIpv4Run(burst, 7), "none is left");
        assertEquals(7, PlainFrames.parseIpv6Run(burst, 7), "none is left");
    }

    /** Frames of which some bytes are others, at times cut or padded: what is plain is told as here, and known as by the long way. */
    @Test
    void shouldAgreeWithTheLongWayAboutAnyFrame() {
        Random random = new Random(1);
        int taken = 0;
        for (int i = 0; i < TRIES; i++) {
            RawFrame frame = anyFrame(random);
            boolean expected = isPlain(frame);
            assertEquals(expected, isTaken(frame), "frame " + i);
            boolean isIpv4 = frame.u16(RawFrame.TYPE) == 0x0800;
            assertEquals(expected && isIpv4, burst.isPlainIpv4(0), "frame " + i);
            assertEquals(expected && !isIpv4, burst.isPlainIpv6(0), "frame " + i);
            if (expected) {
                taken++;
                frame.putInto(whole);
                FrameParser.parseFieldByField(whole, 0);
                assertSameRecord("frame " + i);
            }
        }
        assertTrue(taken > TRIES / 10 && taken < TRIES * 9 / 10, taken + " taken");
    }

    private void assertSameRecord(String what) {
        assertEquals(FlowKind.FLOW, whole.kind(0), what);
        assertEquals(whole.kind(0), burst.kind(0), what);
        assertEquals(whole.reason(0), burst.reason(0), what);
        assertEquals(whole.handle(0), burst.handle(0), what);
        assertEquals(whole.l3(0), burst.l3(0), what);
        assertEquals(whole.l4(0), burst.l4(0), what);
        assertEquals(whole.l4Length(0), burst.l4Length(0), what);
        assertEquals(whole.sourceHi(0), burst.sourceHi(0), what);
        assertEquals(whole.sourceLo(0), burst.sourceLo(0), what);
        assertEquals(whole.destinationHi(0), burst.destinationHi(0), what);
        assertEquals(whole.destinationLo(0), burst.destinationLo(0), what);
        assertEquals(whole.transport(0), burst.transport(0), what);
    }

    private static RawFrame anyFrame(Random random) {
        int protocol = random.nextBoolean() ? TCP : UDP;
        boolean isIpv4 = random.nextBoolean();
        RawFrame frame = isIpv4 ? RawFrame.ipv4(protocol) : RawFrame.ipv6(protocol);
        if (random.nextBoolean()) {
            int gsoType = random.nextBoolean() ? 0 : protocol == UDP ? 5 : isIpv4 ? 1 : 4;
            vnet(frame, random.nextInt(4), gsoType, 2, isIpv4 ? V4 : V6, protocol == TCP ? 16 : 6);
        }
        for (int changes = random.nextInt(4); changes > 0; changes--) {
            int at = random.nextInt(-RawFrame.VNET, frame.length());
            frame.u8(at, random.nextBoolean() ? frame.u8(at) ^ 1 << random.nextInt(8) : random.nextInt(256));
        }
        if (isIpv4 && random.nextInt(4) > 0) {
            frame.sum();
        }
        return random.nextInt(8) > 0 ? frame : frame.length(frame.length() + random.nextInt(-30, 30));
    }

    /** What the class says of plain frames, by the bytes. */
    private static boolean isPlain(RawFrame frame) {
        if (frame.length() >= V4 + 8 && frame.u16(RawFrame.TYPE) == 0x0800) {
            return frame.u8(L3) == 0x45
                    && (frame.u16(L3 + 6) & 0x3FFF) == 0
                    && frame.ipv4Sum() == 0xFFFF
                    && isPlain(frame, V4, frame.u8(L3 + 9), frame.u16(L3 + 2) - 20);
        }
        return frame.length() >= V6 + 8
                && frame.u16(RawFrame.TYPE) == 0x86DD
                && frame.u8(L3) >>> 4 == 6
                && !isZero(frame, L3 + 8)
                && !isZero(frame, L3 + 24)
                && isPlain(frame, V6, frame.u8(L3 + 6), frame.u16(L3 + 4));
    }

    private static boolean isZero(RawFrame frame, int at) {
        return (frame.u16(at) | frame.u16(at + 2) | frame.u16(at + 4) | frame.u16(at + 6)) == 0;
    }

    private static boolean isPlain(RawFrame frame, int l4, int protocol, int length) {
        if (l4 + length > frame.length()) {
            return false;
        }
        int own = protocol == TCP && length >= 20 ? (frame.u8(l4 + 12) >>> 4) * 4 : frame.u16(l4 + 4);
        return switch (protocol) {
                    case TCP -> length >= 20 && own >= 20 && own <= length;
                    case UDP -> length >= 8 && own >= 8 && own <= length;
                    default -> false;
                }
                && isSoundVnet(frame, l4, protocol == TCP);
    }

    private static boolean isSoundVnet(RawFrame frame, int l4, boolean isTcp) {
        int gsoType = frame.u8(-9);
        int ownType = isTcp ? (l4 == V4 ? 1 : 4) : 5;
        boolean isOwnGso = (isTcp ? gsoType & 0x7F : gsoType) == ownType && le16(frame, -6) > 0;
        boolean isOwnChecksum = le16(frame, -4) == l4 && le16(frame, -2) == (isTcp ? 16 : 6);
        return le16(frame, -8) <= frame.length()
                && (gsoType == 0 || isOwnGso)
                && ((frame.u8(-10) & PARTIAL) == 0 || isOwnChecksum);
    }

    private static int le16(RawFrame frame, int at) {
        return frame.u8(at + 1) << 8 | frame.u8(at);
    }
}
