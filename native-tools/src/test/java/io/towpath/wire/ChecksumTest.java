package io.towpath.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class ChecksumTest {
    /** The plain definition of RFC 1071 section 1, two bytes at a time. */
    private static int naive(byte[] bytes) {
        long sum = 0;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | (i + 1 < bytes.length ? bytes[i + 1] & 0xFF : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }

    private static int fast(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
            return Checksum.fold(Checksum.sum(memory, 0, bytes.length));
        }
    }

    @Test
    void shouldSumTheExampleOfRfc1071() {
        byte[] example = {0x00, 0x01, (byte) 0xF2, 0x03, (byte) 0xF4, (byte) 0xF5, (byte) 0xF6, (byte) 0xF7};

        assertEquals(0xDDF2, fast(example));
    }

    @Property
    void shouldAgreeWithThePlainDefinition(@ForAll @Size(max = 100) byte[] bytes) {
        assertEquals(naive(bytes), fast(bytes));
    }

    @Property
    void shouldUpdateAsIfComputedAnew(
            @ForAll @Size(40) byte[] bytes,
            @ForAll @IntRange(max = 19) int word,
            @ForAll @IntRange(max = 0xFFFF) int value) {
        int at = word * 2;
        int old = (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
        int before = ~naive(bytes) & 0xFFFF;

        int updated = Checksum.apply(before, Checksum.delta16(old, value));
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;

        // A receiver sums data and checksum to all ones, which is the other zero of ones' complement.
        assertEquals(0, Checksum.fold((long) naive(bytes) + updated) % 0xFFFF);
    }

    /** A header as it came, and with the checksum that makes it right. */
    @Property
    void shouldTellByThreeWordsWhetherAnIpv4HeaderIsRight(@ForAll @Size(20) byte[] header) {
        assertEquals(naive(header) == 0xFFFF, isPlainIpv4Valid(header));

        header[10] = 0;
        header[11] = 0;
        int checksum = ~naive(header);
        header[10] = (byte) (checksum >>> 8);
        header[11] = (byte) checksum;
        assertEquals(naive(header) == 0xFFFF, isPlainIpv4Valid(header));
        header[0]++;
        assertFalse(isPlainIpv4Valid(header));
    }

    @Test
    void shouldFoldTheLargestAndTheSmallestHeader() {
        byte[] header = new byte[20];
        assertFalse(isPlainIpv4Valid(header));
        Arrays.fill(header, (byte) 0xFF);
        assertTrue(isPlainIpv4Valid(header));
    }

    private static boolean isPlainIpv4Valid(byte[] header) {
        ByteBuffer words = ByteBuffer.wrap(header);
        return Checksum.isPlainIpv4Valid(words.getLong(0), words.getLong(8), words.getInt(16));
    }

    @Property
    void shouldUndoADeltaByItsNegation(
            @ForAll @IntRange(max = 0xFFFF) int checksum, @ForAll long from, @ForAll long to) {
        int delta = Checksum.deltaAddress(0, from, 0, to);
        int there = Checksum.apply(checksum, delta);
        int back = Checksum.apply(there, Checksum.negate(delta));

        assertEquals(checksum % 0xFFFF, back % 0xFFFF);
    }

    @Test
    void shouldKeepUdpsZeroAndNeverMakeOne() {
        assertEquals(0, Checksum.applyUdp(0, 0x1234));
        assertEquals(0xFFFF, Checksum.applyUdp(0x1234, 0x1234));
    }
}
