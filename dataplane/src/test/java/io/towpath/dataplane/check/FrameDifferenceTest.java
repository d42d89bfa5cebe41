package io.towpath.dataplane.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.pipeline.Packets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FrameDifferenceTest {
    private static final byte[] TCP = Packets.tcp("10.0.0.2", 4000, "10.1.0.2", 8080, 2, 1000, 0);
    private static final byte[] UDP6 = Packets.udp("fd00::2", 4000, "fd01::2", 53);

    private static String between(byte[] expected, byte[] actual) {
        return FrameDifference.between(new SentFrame("", expected), new SentFrame("pods", actual));
    }

    private static byte[] with(byte[] frame, int at, int value) {
        byte[] copy = frame.clone();
        copy[at] = (byte) value;
        return copy;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5  | destination MAC: expected 020000000002, got 0200000000ff",
                "12 | ethertype: expected 0800, got ff00",
                "22 | IPv4 TTL: expected 64, got 255",
                "29 | IPv4 source: expected 10.0.0.2, got 10.0.0.255",
                "35 | TCP source port: expected 4000, got 4095",
                "47 | TCP header length and flags: expected 5002, got 50ff",
                "57 | byte 57: expected 70, got ff",
            })
    void shouldNameTheFieldThatDiffers(int at, String text) {
        assertEquals(text, between(TCP, with(TCP, at, 0xFF)));
    }

    @Test
    void shouldNameAChecksumOnlyWhereNothingElseDiffers() {
        byte[] checksum = with(TCP, 25, 0xFF);

        assertTrue(between(TCP, checksum).startsWith("IPv4 header checksum: expected "));
        assertEquals("IPv4 source: expected 10.0.0.2, got 10.0.0.9", between(TCP, with(checksum, 29, 9)));
    }

    @Test
    void shouldNameFieldsOfAQuotedPacket() {
        byte[] error = Packets.unreachable("10.1.0.2", "10.0.0.2", TCP);
        byte[] error6 = Packets.unreachable("fd01::2", "fd00::2", UDP6);

        assertEquals(
                "quoted IPv4 destination: expected 10.1.0.2, got 10.1.0.9",
                between(error, with(error, 14 + 28 + 19, 9)));
        assertEquals(
                "quoted UDP destination port: expected 53, got 9", between(error6, with(error6, 14 + 48 + 40 + 3, 9)));
    }

    @Test
    void shouldWriteIpv6AddressesAsTheyAreWritten() {
        assertEquals("IPv6 destination: expected fd01::2, got fd01::9", between(UDP6, with(UDP6, 14 + 39, 9)));
    }

    @Test
    void shouldReportLengthAndPortOfFramesThatAreEqualOtherwise() {
        byte[] padded = java.util.Arrays.copyOf(TCP, TCP.length + 2);

        assertEquals("length: expected 58 bytes, got 60", between(TCP, padded));
        assertNull(between(TCP, TCP.clone()));
        assertEquals(
                "port: expected clients, got pods",
                FrameDifference.between(new SentFrame("clients", TCP), new SentFrame("pods", TCP)));
    }

    @Test
    void shouldDescribeFramesByProtocolAddressesAndPorts() {
        assertEquals("TCP 10.0.0.2:4000 > 10.1.0.2:8080", FrameFields.tuple(TCP));
        assertEquals("UDP [fd00::2]:4000 > [fd01::2]:53", FrameFields.tuple(UDP6));
        assertEquals(
                "ICMP type 3 10.1.0.2 > 10.0.0.2", FrameFields.tuple(Packets.unreachable("10.1.0.2", "10.0.0.2", TCP)));
        assertEquals("3 bytes", FrameFields.tuple(new byte[3]));
    }

    @Test
    void shouldDivideAnyBytesIntoFieldsWithoutGaps() {
        Random random = new Random(20260101);
        List<byte[]> seeds = List.of(TCP, UDP6, Packets.unreachable("fd01::2", "fd00::2", UDP6));
        for (int n = 0; n < 5000; n++) {
            byte[] frame = java.util.Arrays.copyOf(seeds.get(n % 3), random.nextInt(150));
            for (int flips = random.nextInt(5); flips > 0 && frame.length > 0; flips--) {
                frame[random.nextInt(frame.length)] = (byte) random.nextInt();
            }
            int end = 0;
            for (FrameFields.Field field : FrameFields.of(frame)) {
                assertEquals(end, field.offset());
                end = field.end();
            }
            assertEquals(frame.length, end);
        }
    }
}
