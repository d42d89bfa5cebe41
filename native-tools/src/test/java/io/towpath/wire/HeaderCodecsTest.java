package io.towpath.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every header codec: what is written is read back and stands where the RFC says; nothing is read beyond the end. */
final class HeaderCodecsTest {
    private static final long MAC = 0xFFFF_FFFF_FFFFL;

    /** Checks whether a header is valid that begins at 0 and must end before {@code end}. */
    private interface Check {
        boolean isValid(MemorySegment frame, long end);
    }

    /** Allocates exactly these bytes: a read beyond them throws. */
    private static MemorySegment memory(Arena arena, byte[] bytes) {
        MemorySegment memory = arena.allocate(Math.max(1, bytes.length));
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return memory.asSlice(0, bytes.length);
    }

    private static byte[] bytes(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }

    private static void assertValidOnlyWhole(byte[] header, int whole, Check check) {
        try (Arena arena = Arena.ofConfined()) {
            for (int length = 0; length <= header.length; length++) {
                MemorySegment cut = memory(arena, Arrays.copyOf(header, length));
                assertEquals(length >= whole, check.isValid(cut, length), length + " bytes");
            }
        }
    }

    @Property(tries = 200)
    void shouldReadTheEthernetHeaderItWrote(
            @ForAll @LongRange(max = MAC) long destination,
            @ForAll @LongRange(max = MAC) long source,
            @ForAll @IntRange(max = 0xFFFF) int type) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(Ethernet.HEADER_LENGTH);
            Ethernet.addresses(frame, 0, destination, source);
            Ethernet.type(frame, 0, type);

            assertEquals(destination, Ethernet.destination(frame, 0));
            assertEquals(source, Ethernet.source(frame, 0));
            assertEquals(type, Ethernet.type(frame, 0));
            assertEquals(
                    "%012x%012x%04x".formatted(destination, source, type),
                    HexFormat.of().formatHex(bytes(frame)));
            assertEquals((destination >>> 40 & 1) == 1, Ethernet.isGroup(destination));
        }
    }

    @Property(tries = 200)
    void shouldReadTheArpMessageItWrote(
            @ForAll @LongRange(max = MAC) long senderMac,
            @ForAll int sender,
            @ForAll @LongRange(max = MAC) long targetMac,
            @ForAll int target) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(Arp.LENGTH);
            Arp.write(message, 0, Arp.REPLY, senderMac, sender, targetMac, target);

            assertEquals(Arp.REPLY, Arp.operation(message, 0));
            assertEquals(senderMac, Arp.senderMac(message, 0));
            assertEquals(sender, Arp.senderAddress(message, 0));
            assertEquals(target, Arp.targetAddress(message, 0));
            assertEquals(
                    "0001080006040002%012x%08x%012x%08x".formatted(senderMac, sender, targetMac, target),
                    HexFormat.of().formatHex(bytes(message)));
            assertValidOnlyWhole(bytes(message), Arp.LENGTH, (frame, end) -> Arp.isValid(frame, 0, end));
        }
    }

    @Property(tries = 200)
    void shouldReadTheIpv4HeaderItWrote(
            @ForAll @IntRange(min = 20, max = 0xFFFF) int length,
            @ForAll @IntRange(min = 1, max = 255) int ttl,
            @ForAll @IntRange(max = 255) int protocol,
            @ForAll int source,
            @ForAll int destination) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(20);
            Ipv4.write(header, 0, length, ttl, protocol, source, destination);

            assertEquals(20, Ipv4.headerLength(header, 0));
            assertEquals(length, Ipv4.totalLength(header, 0));
            assertEquals(ttl, Ipv4.ttl(header, 0));
            assertEquals(protocol, Ipv4.protocol(header, 0));
            assertEquals(source, Ipv4.source(header, 0));
            assertEquals(destination, Ipv4.destination(header, 0));
            assertFalse(Ipv4.isFragment(header, 0));
            assertEquals(0xFFFF, plainSum(bytes(header)));
            assertEquals(length, ByteBuffer.wrap(bytes(header)).getShort(2) & 0xFFFF);
            if (ttl > 1) {
                Ipv4.decrementTtl(header, 0);
                assertEquals(ttl - 1, Ipv4.ttl(header, 0));
                assertTrue(Ipv4.isHeaderChecksumValid(header, 0));
                assertEquals(0xFFFF, plainSum(bytes(header)));
            }
            int before = Ipv4.ttl(header, 0);
            Ipv4.incrementTtl(header, 0);
            assertEquals(Math.min(255, before + 1), Ipv4.ttl(header, 0));
            assertEquals(0xFFFF, plainSum(bytes(header)));
        }
    }

    @Test
    void shouldFindAnIpv4PacketValidOnlyWhole() {
        byte[] packet = new byte[40];
        for (int words = 0; words < 16; words++) {
            packet[0] = (byte) (0x40 | words);
            packet[3] = 36;
            int whole = words >= 5 && words * 4 <= 36 ? 36 : Integer.MAX_VALUE;
            assertValidOnlyWhole(packet, whole, (frame, end) -> Ipv4.isValid(frame, 0, end));
        }
        packet[0] = 0x65;
        assertValidOnlyWhole(packet, Integer.MAX_VALUE, (frame, end) -> Ipv4.isValid(frame, 0, end));
    }

    @Property(tries = 200)
    void shouldReadTheIpv6HeaderItWrote(
            @ForAll @IntRange(max = 0xFFFF) int length,
            @ForAll @IntRange(min = 2, max = 255) int hopLimit,
            @ForAll @IntRange(max = 255) int next,
            @ForAll long hi,
            @ForAll long lo) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(Ipv6.HEADER_LENGTH);
            Ipv6.write(header, 0, length, next, hopLimit);
            Ipv6.source(header, 0, hi, lo);
            Ipv6.destination(header, 0, lo, hi);

            assertEquals(length, Ipv6.payloadLength(header, 0));
            assertEquals(next, Ipv6.nextHeader(header, 0));
            assertEquals(hi, Ipv6.sourceHi(header, 0));
            assertEquals(lo, Ipv6.sourceLo(header, 0));
            assertEquals(lo, Ipv6.destinationHi(header, 0));
            assertEquals(hi, Ipv6.destinationLo(header, 0));
            assertEquals(
                    "60000000%04x%02x%02x%016x%016x%016x%016x".formatted(length, next, hopLimit, hi, lo, lo, hi),
                    HexFormat.of().formatHex(bytes(header)));
            Ipv6.decrementHopLimit(header, 0);
            assertEquals(hopLimit - 1, Ipv6.hopLimit(header, 0));
            for (int i = 1; i <= 3; i++) {
                Ipv6.incrementHopLimit(header, 0);
                assertEquals(Math.min(255, hopLimit - 1 + i), Ipv6.hopLimit(header, 0));
            }
        }
    }

    @Test
    void shouldFindAnIpv6PacketValidOnlyWhole() {
        byte[] packet = new byte[60];
        packet[0] = 0x60;
        packet[5] = 13;
        assertValidOnlyWhole(packet, 53, (frame, end) -> Ipv6.isValid(frame, 0, end));
        packet[0] = 0x40;
        assertValidOnlyWhole(packet, Integer.MAX_VALUE, (frame, end) -> Ipv6.isValid(frame, 0, end));
    }

    /** Builds a chain: next header value and length of each extension, in bytes, then TCP. */
    private static byte[] chain(int... headers) {
        ByteBuffer packet = ByteBuffer.allocate(2000).put(new byte[40]);
        packet.put(6, (byte) (headers.length == 0 ? 6 : headers[0]));
        for (int i = 0; i < headers.length; i += 2) {
            int next = i + 2 < headers.length ? headers[i + 2] : 6;
            int units = headers[i] == 44 ? 0 : headers[i] == 51 ? headers[i + 1] / 4 - 2 : headers[i + 1] / 8 - 1;
            packet.put((byte) next).put((byte) units).put(new byte[headers[i + 1] - 2]);
        }
        return Arrays.copyOf(packet.array(), packet.position());
    }

    @ParameterizedTest
    @CsvSource({"''", "0 8", "0 8 43 24 60 16 135 32", "51 24", "51 12 60 8", "44 8", "0 8 44 8 60 8", "60 1896"})
    void shouldWalkAnyChainOfExtensionHeaders(String text) {
        int[] headers = text.isEmpty()
                ? new int[0]
                : Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
        byte[] packet = chain(headers);
        try (Arena arena = Arena.ofConfined()) {
            long walked = Ipv6.walk(memory(arena, packet), 0, packet.length);

            assertEquals(6, Ipv6.protocol(walked));
            assertEquals(packet.length, Ipv6.l4Offset(walked));
            assertFalse(Ipv6.isFragment(walked), "an atomic fragment is whole");
            for (int length = 40; length < packet.length; length++) {
                MemorySegment cut = memory(arena, Arrays.copyOf(packet, length));
                assertTrue(Ipv6.walk(cut, 0, length) < 0, length + " of " + packet.length);
            }
        }
    }

    @Test
    void shouldEndTheWalkAtALaterFragmentAndAfterEightHeaders() {
        try (Arena arena = Arena.ofConfined()) {
            byte[] later = chain(44, 8);
            later[42] = 1;
            long walked = Ipv6.walk(memory(arena, later), 0, later.length);
            assertTrue(Ipv6.isLaterFragment(walked));
            assertEquals(48, Ipv6.l4Offset(walked));

            byte[] first = chain(44, 8, 60, 8);
            first[43] = 1;
            walked = Ipv6.walk(memory(arena, first), 0, first.length);
            assertTrue(Ipv6.isFragment(walked) && !Ipv6.isLaterFragment(walked));
            assertEquals(6, Ipv6.protocol(walked));

            byte[] eight = chain(60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8);
            assertEquals(104, Ipv6.l4Offset(Ipv6.walk(memory(arena, eight), 0, eight.length)));
            byte[] nine = chain(60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8, 60, 8);
            assertTrue(Ipv6.walk(memory(arena, nine), 0, nine.length) < 0);
        }
    }

    @Property(tries = 1000)
    void shouldNeverWalkBeyondTheEnd(
            @ForAll @Size(min = 40, max = 120) byte[] packet, @ForAll @IntRange(max = 5) int next) {
        packet[6] = new byte[] {0, 43, 44, 51, 60, (byte) 135}[next];
        try (Arena arena = Arena.ofConfined()) {
            long walked = Ipv6.walk(memory(arena, packet), 0, packet.length);
            assertTrue(walked < 0 || Ipv6.l4Offset(walked) <= packet.length);
        }
    }

    @Test
    void shouldFindATcpHeaderValidOnlyWithItsOptions() {
        byte[] header = new byte[64];
        for (int words = 0; words < 16; words++) {
            header[12] = (byte) (words << 4);
            int whole = words >= 5 ? words * 4 : Integer.MAX_VALUE;
            assertValidOnlyWhole(header, whole, (frame, end) -> Tcp.isValid(frame, 0, end));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',-1,false",
        "01010303070000,7,false",
        "020405b40402080a0102030400000000010303 0e,14,true",
        "0303ff,14,false", // RFC 7323 section 2.3: more than 14 counts as 14
        "0003030707,-1,false", // behind the end of the options
        "030207,-1,false", // wrong length
        "0402,-1,true",
        "0300030307,-1,false", // a length of 0 ends the options
        "08ff030307,-1,false", // reaches beyond the header
    })
    void shouldReadTheOptionsOfASyn(String options, int windowScale, boolean sackPermitted) {
        try (Arena arena = Arena.ofConfined()) {
            int found = Tcp.synOptions(memory(arena, tcp(options)), 0);

            assertEquals(windowScale, Tcp.windowScale(found));
            assertEquals(sackPermitted, Tcp.sackPermitted(found));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',100",
        "0101050a0000006500000070,112",
        "05120000006500000070000000800000 0090,144",
        "050a0000001000000020,100", // below the acknowledgment: a duplicate (RFC 2883)
        "050900000065000000,100",
    })
    void shouldFindTheHighestSackBlock(String options, int highest) {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(highest, Tcp.highestSack(memory(arena, tcp(options)), 0, 100));
        }
    }

    private static byte[] tcp(String options) {
        byte[] parsed = HexFormat.of().parseHex(options.replace(" ", ""));
        byte[] header = Arrays.copyOf(new byte[20], 20 + (parsed.length + 3) / 4 * 4);
        System.arraycopy(parsed, 0, header, 20, parsed.length);
        header[12] = (byte) (header.length / 4 << 4);
        return header;
    }

    @Property(tries = 1000)
    void shouldNeverReadOptionsBeyondTheHeader(@ForAll @Size(min = 20, max = 60) byte[] header) {
        byte[] whole = Arrays.copyOf(header, header.length & -4);
        whole[12] = (byte) (whole.length / 4 << 4);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = memory(arena, whole);
            Tcp.synOptions(memory, 0);
            Tcp.highestSack(memory, 0, 0);
        }
    }

    @Property(tries = 200)
    void shouldReadTheTransportFieldsWhereTheRfcsHaveThem(@ForAll @Size(24) byte[] bytes) {
        ByteBuffer expected = ByteBuffer.wrap(bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = memory(arena, bytes);
            assertEquals(expected.getShort(0) & 0xFFFF, Udp.sourcePort(header, 0));
            assertEquals(expected.getShort(2) & 0xFFFF, Udp.destinationPort(header, 0));
            assertEquals(expected.getInt(4), Tcp.sequence(header, 0));
            assertEquals(expected.getInt(8), Tcp.acknowledgment(header, 0));
            assertEquals(expected.get(13) & 0xFF, Tcp.flags(header, 0));
            assertEquals(expected.getShort(14) & 0xFFFF, Tcp.window(header, 0));
            assertEquals(Integer.reverseBytes(expected.getInt(8)), Sctp.checksum(header, 0));
            assertEquals(expected.get(12) & 0xFF, Sctp.firstChunk(header, 0));
            assertEquals(expected.get(0) & 0xFF, Icmpv6.type(header, 0));
            assertEquals(expected.get(1) & 0xFF, Icmpv6.code(header, 0));
            assertEquals(expected.getShort(2) & 0xFFFF, Icmp.checksum(header, 0));
            assertEquals(expected.getShort(4) & 0xFFFF, Icmpv6.identifier(header, 0));
            assertEquals(expected.getShort(2) & 0xFFFF, Vlan.type(header, 0));

            Udp.ports(header, 0, 0xABCD, 0x1234);
            Sctp.checksum(header, 0, 0x01020304);
            byte[] written = bytes.clone();
            ByteBuffer.wrap(written).putInt(0, 0xABCD1234).putInt(8, 0x04030201);
            assertArrayEquals(written, bytes(header));
        }
    }

    @Test
    void shouldFindUdpAndSctpValidOnlyWhole() {
        byte[] udp = new byte[20];
        for (int length = 0; length < 20; length++) {
            udp[5] = (byte) length;
            int whole = length >= 8 ? length : Integer.MAX_VALUE;
            assertValidOnlyWhole(udp, whole, (frame, end) -> Udp.isValid(frame, 0, end));
        }
        assertValidOnlyWhole(new byte[20], 16, (frame, end) -> Sctp.isValid(frame, 0, end));
    }

    @Property(tries = 200)
    void shouldReadTheNeighborMessageItWrote(
            @ForAll long hi, @ForAll long lo, @ForAll @LongRange(max = MAC) long mac, @ForAll boolean solicitation) {
        int type = solicitation ? Icmpv6.NEIGHBOR_SOLICITATION : Icmpv6.NEIGHBOR_ADVERTISEMENT;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(NeighborDiscovery.LENGTH_WITH_MAC);
            NeighborDiscovery.write(message, 0, type, NeighborDiscovery.SOLICITED, hi, lo, mac);

            assertEquals(hi, NeighborDiscovery.targetHi(message, 0));
            assertEquals(lo, NeighborDiscovery.targetLo(message, 0));
            assertEquals(mac, NeighborDiscovery.linkLayerAddress(message, 0, 32));
            assertEquals(-1, NeighborDiscovery.linkLayerAddress(message, 0, 24), "no option");
            for (int length = 25; length < 32; length++) {
                MemorySegment cut = memory(arena, Arrays.copyOf(bytes(message), length));
                assertEquals(-2, NeighborDiscovery.linkLayerAddress(cut, 0, length), "broken option");
            }
        }
    }

    @Property(tries = 500)
    void shouldNeverReadNeighborOptionsBeyondTheEnd(@ForAll @Size(min = 24, max = 80) byte[] message) {
        message[0] = (byte) Icmpv6.NEIGHBOR_SOLICITATION;
        try (Arena arena = Arena.ofConfined()) {
            assertTrue(NeighborDiscovery.linkLayerAddress(memory(arena, message), 0, message.length) >= -2);
        }
    }

    @Test
    void shouldComputeTheCrcOfKnownDataAndTakeItsFieldAsZero() {
        byte[] packet = new byte[44];
        new Random(1).nextBytes(packet);
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        byte[] zeroed = packet.clone();
        Arrays.fill(zeroed, 8, 12, (byte) 0);
        crc.update(zeroed);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = memory(arena, packet);
            assertEquals(
                    (int) crc.getValue(),
                    Sctp.crc32c(memory, memory.asByteBuffer(), new java.util.zip.CRC32C(), 0, packet.length));
        }
    }

    private static int plainSum(byte[] bytes) {
        int sum = 0;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
