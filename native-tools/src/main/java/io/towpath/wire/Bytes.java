package io.towpath.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.towpath.linux.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads and writes integers of network byte order at any alignment. Native segments only.
 *
 * <p>Bounds are not checked, as {@link NativeMemory} says: the parser checks every header of a frame against the frame's end, once. Tests
 * run with {@code -Dtowpath.checkBounds=true}, which checks each access, so that one outside a segment is an exception and not silent.
 */
public final class Bytes {
    private static final ValueLayout.OfShort BE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);
    static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private static final boolean CHECKS_BOUNDS = Boolean.getBoolean("towpath.checkBounds");

    private Bytes() {}

    private static MemorySegment memory(MemorySegment frame) {
        return CHECKS_BOUNDS ? frame : NativeMemory.ALL;
    }

    private static long offset(MemorySegment frame, long at) {
        return CHECKS_BOUNDS ? at : frame.address() + at;
    }

    /** Returns an unsigned byte. */
    public static int u8(MemorySegment frame, long at) {
        return memory(frame).get(ValueLayout.JAVA_BYTE, offset(frame, at)) & 0xFF;
    }

    public static void u8(MemorySegment frame, long at, int value) {
        memory(frame).set(ValueLayout.JAVA_BYTE, offset(frame, at), (byte) value);
    }

    /** Returns an unsigned 16-bit integer. */
    public static int u16(MemorySegment frame, long at) {
        return memory(frame).get(BE16, offset(frame, at)) & 0xFFFF;
    }

    public static void u16(MemorySegment frame, long at, int value) {
        memory(frame).set(BE16, offset(frame, at), (short) value);
    }

    public static int i32(MemorySegment frame, long at) {
        return memory(frame).get(BE32, offset(frame, at));
    }

    public static void i32(MemorySegment frame, long at, int value) {
        memory(frame).set(BE32, offset(frame, at), value);
    }

    public static long i64(MemorySegment frame, long at) {
        return memory(frame).get(BE64, offset(frame, at));
    }

    public static void i64(MemorySegment frame, long at, long value) {
        memory(frame).set(BE64, offset(frame, at), value);
    }
}
