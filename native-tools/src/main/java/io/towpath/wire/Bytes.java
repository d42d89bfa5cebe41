package io.towpath.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads and writes integers of network byte order at any alignment. Native segments only. */
public final class Bytes {
    private static final ValueLayout.OfShort BE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);
    static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private Bytes() {}

    /** Returns an unsigned byte. */
    public static int u8(MemorySegment frame, long at) {
        return frame.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }

    public static void u8(MemorySegment frame, long at, int value) {
        frame.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    /** Returns an unsigned 16-bit integer. */
    public static int u16(MemorySegment frame, long at) {
        return frame.get(BE16, at) & 0xFFFF;
    }

    public static void u16(MemorySegment frame, long at, int value) {
        frame.set(BE16, at, (short) value);
    }

    public static int i32(MemorySegment frame, long at) {
        return frame.get(BE32, at);
    }

    public static void i32(MemorySegment frame, long at, int value) {
        frame.set(BE32, at, value);
    }

    public static long i64(MemorySegment frame, long at) {
        return frame.get(BE64, at);
    }

    public static void i64(MemorySegment frame, long at, long value) {
        frame.set(BE64, at, value);
    }
}
