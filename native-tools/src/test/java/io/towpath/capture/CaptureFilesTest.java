package io.towpath.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CaptureFilesTest {
    private static final byte[] DATA = {1, 2, 3, 4, 5, 6, 7};
    private static final long SECOND = 1_700_000_000L;

    @TempDir
    Path folder;

    private static List<CaptureReader.Packet> read(byte[] bytes) throws IOException {
        List<CaptureReader.Packet> packets = new ArrayList<>();
        try (CaptureReader reader = CaptureReader.open(Path.of("capture"), new ByteArrayInputStream(bytes))) {
            while (reader.next()) {
                packets.add(reader.packet());
            }
        }
        return packets;
    }

    private static byte[] pcap(ByteOrder order, int magic, int linkType, int fraction) {
        ByteBuffer file = ByteBuffer.allocate(24 + 16 + DATA.length).order(order);
        file.putInt(magic).putShort((short) 2).putShort((short) 4).putLong(0).putInt(65535);
        file.putInt(linkType)
                .putInt((int) SECOND)
                .putInt(fraction)
                .putInt(DATA.length)
                .putInt(99);
        return file.put(DATA).array();
    }

    /** A section of {@code order} with one interface and one enhanced packet block. */
    private static byte[] pcapng(ByteOrder order, int resolution, long units) {
        ByteBuffer file = ByteBuffer.allocate(28 + 40 + 40).order(order);
        file.putInt(0x0A0D0D0A)
                .putInt(28)
                .putInt(0x1A2B3C4D)
                .putInt(1)
                .putLong(-1)
                .putInt(28);
        file.putInt(1).putInt(40).putShort((short) 1).putShort((short) 0).putInt(0);
        file.putShort((short) 2).putShort((short) 3).put(new byte[] {'e', 't', 'h', 0});
        file.putShort((short) 9)
                .putShort((short) 1)
                .put((byte) resolution)
                .put(new byte[3])
                .putInt(0)
                .putInt(40);
        file.putInt(6).putInt(40).putInt(0).putInt((int) (units >>> 32)).putInt((int) units);
        return file.putInt(DATA.length)
                .putInt(99)
                .put(DATA)
                .put((byte) 0)
                .putInt(40)
                .array();
    }

    @ParameterizedTest
    @CsvSource({
        "LITTLE_ENDIAN,A1B2C3D4,5000",
        "BIG_ENDIAN,A1B2C3D4,5000",
        "LITTLE_ENDIAN,A1B23C4D,5",
        "BIG_ENDIAN,A1B23C4D,5"
    })
    void shouldReadPcapOfEitherOrderAndResolution(String order, String magic, long nanoseconds) throws IOException {
        ByteOrder byteOrder = order.startsWith("L") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;

        CaptureReader.Packet packet =
                read(pcap(byteOrder, Integer.parseUnsignedInt(magic, 16), 1, 5)).getFirst();

        assertEquals(SECOND * 1_000_000_000L + nanoseconds, packet.timestampNs());
        assertEquals("", packet.interfaceName());
        assertEquals(99, packet.originalLength());
        assertArrayEquals(DATA, packet.data());
    }

    @ParameterizedTest
    @CsvSource({
        "LITTLE_ENDIAN,6,1700000000000005,1700000000000005000",
        "BIG_ENDIAN,9,1700000000000000005,1700000000000000005",
        "LITTLE_ENDIAN,-126,6800000001,1700000000250000000", // 0x82: quarters of a second
    })
    void shouldReadPcapngOfEitherOrderAndAnyResolution(String order, int resolution, long units, long nanoseconds)
            throws IOException {
        ByteOrder byteOrder = order.startsWith("L") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;

        CaptureReader.Packet packet = read(pcapng(byteOrder, resolution, units)).getFirst();

        assertEquals(nanoseconds, packet.timestampNs());
        assertEquals("eth", packet.interfaceName());
        assertArrayEquals(DATA, packet.data());
    }

    @Test
    void shouldReadWhatItWrote() throws IOException {
        Path file = folder.resolve("written.pcapng");
        try (Arena arena = Arena.ofConfined();
                PcapngWriter writer = PcapngWriter.create(file)) {
            MemorySegment frame = arena.allocate(100);
            frame.fill((byte) 7);
            assertEquals(0, writer.announce("a"));
            for (int length = 0; length <= 100; length++) {
                writer.write(length % 3 == 0 ? "a" : "b", length, frame, 0, length);
            }
        }
        List<CaptureReader.Packet> packets = read(Files.readAllBytes(file));
        assertEquals(101, packets.size());
        for (int length = 0; length <= 100; length++) {
            CaptureReader.Packet packet = packets.get(length);
            assertEquals(length, packet.timestampNs());
            assertEquals(length % 3 == 0 ? "a" : "b", packet.interfaceName());
            assertEquals(length, packet.data().length);
        }
    }

    @Test
    void shouldNameALinkTypeThatItCannotRead() {
        String message = assertThrows(
                        CaptureException.class, () -> read(pcap(ByteOrder.BIG_ENDIAN, 0xA1B2C3D4, 113, 0)))
                .getMessage();

        assertTrue(message.contains("link type 113"), message);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldRefuseEveryTruncation(boolean isPcapng) throws IOException {
        byte[] good = isPcapng ? pcapng(ByteOrder.LITTLE_ENDIAN, 6, 1) : pcap(ByteOrder.BIG_ENDIAN, 0xA1B2C3D4, 1, 0);
        for (int length = 0; length < good.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(good, length);
            boolean betweenBlocks = isPcapng ? length == 28 || length == 68 : length == 24;
            if (betweenBlocks) {
                assertEquals(List.of(), read(cut));
            } else {
                assertThrows(CaptureException.class, () -> read(cut), length + " bytes");
            }
        }
    }

    @Test
    void shouldEndOnAnyMutationWithPacketsOrACaptureException() throws IOException {
        Random random = new Random(20261125);
        byte[][] seeds = {
            pcapng(ByteOrder.LITTLE_ENDIAN, 6, 1_700_000_000_000_000L),
            pcapng(ByteOrder.BIG_ENDIAN, 9, 1_700_000_000_000_000_000L),
            pcap(ByteOrder.LITTLE_ENDIAN, 0xA1B2C3D4, 1, 0),
            pcap(ByteOrder.BIG_ENDIAN, 0xA1B23C4D, 101, 0)
        };
        int refused = 0;
        for (int n = 0; n < 20_000; n++) {
            byte[] bad = seeds[n % seeds.length].clone();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                byte[] values = {0, 1, 0x7F, -128, -1, (byte) random.nextInt()};
                bad[random.nextInt(bad.length)] = values[random.nextInt(values.length)];
            }
            try {
                read(bad);
            } catch (CaptureException e) {
                refused++;
            }
        }
        assertTrue(refused > 3000 && refused < 20_000, refused + " refused");
    }
}
