package io.towpath.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

final class SctpTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** CRC32c, reflected: RFC 9260 appendix A. */
    private static final int POLYNOMIAL = 0x82F6_3B78;

    private static int bitByBit(MemorySegment packet, long from, int length) {
        int crc = -1;
        for (int i = 0; i < length; i++) {
            crc ^= Bytes.u8(packet, from + i);
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
            }
        }
        return ~crc;
    }

    @Test
    void shouldComputeTheChecksumOfAPacketAnywhereInTheFrames() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment frames = arena.allocate(4096);
            for (int i = 0; i < 4096; i++) {
                Bytes.u8(frames, i, i * 31 & 0xFF);
            }
            ByteBuffer buffer = frames.asByteBuffer();
            for (int length : new int[] {16, 17, 100, 1400}) {
                int crc = Sctp.crc32c(frames, buffer, new CRC32C(), 1001, length);

                assertEquals(0, Sctp.checksum(frames, 1001));
                assertEquals(bitByBit(frames, 1001, length), crc);
            }
        }
    }

    @Test
    void shouldNotAllocate() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment frames = arena.allocate(4096);
            ByteBuffer buffer = frames.asByteBuffer();
            CRC32C crc = new CRC32C();
            checksums(frames, buffer, crc, 20_000);
            THREADS.getCurrentThreadAllocatedBytes(); // its own first call allocates
            long before = THREADS.getCurrentThreadAllocatedBytes();
            checksums(frames, buffer, crc, 20_000);

            assertEquals(0, THREADS.getCurrentThreadAllocatedBytes() - before, "bytes for 20,000 packets");
        }
    }

    private static void checksums(MemorySegment frames, ByteBuffer buffer, CRC32C crc, int packets) {
        for (int i = 0; i < packets; i++) {
            Sctp.checksum(frames, 100, Sctp.crc32c(frames, buffer, crc, 100, 1400));
        }
    }
}
