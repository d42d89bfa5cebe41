package io.towpath.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
