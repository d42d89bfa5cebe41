package io.towpath.wire;

import static io.towpath.linux.NativeMemory.ALL;
import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.towpath.linux.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

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
    static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = BE16.varHandle().withInvokeExactBehavior();
    private static final VarHandle INT = BE32.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = BE64.varHandle().withInvokeExactBehavior();

    private static final boolean CHECKS_BOUNDS = Boolean.getBoolean("towpath.checkBounds");

    private Bytes() {}

    private static long address(MemorySegment frame, long at) {
        return NativeMemory.unchecked(NativeMemory.known(frame.address()) + at);
    }

    /** Returns an unsigned byte. */
    public static int u8(MemorySegment frame, long at) {
        byte value = CHECKS_BOUNDS ? frame.get(ValueLayout.JAVA_BYTE, at) : (byte) BYTE.get(ALL, address(frame, at));
        return value & 0xFF;
    }

    public static void u8(MemorySegment frame, long at, int value) {
        if (CHECKS_BOUNDS) {
            frame.set(ValueLayout.JAVA_BYTE, at, (byte) value);
        } else {
            BYTE.set(ALL, address(frame, at), (byte) value);
        }
    }

    /** Returns an unsigned 16-bit integer. */
    public static int u16(MemorySegment frame, long at) {
        return (CHECKS_BOUNDS ? frame.get(BE16, at) : (short) SHORT.get(ALL, address(frame, at))) & 0xFFFF;
    }

    public static void u16(MemorySegment frame, long at, int value) {
        if (CHECKS_BOUNDS) {
            frame.set(BE16, at, (short) value);
        } else {
            SHORT.set(ALL, address(frame, at), (short) value);
        }
    }

    public static int i32(MemorySegment frame, long at) {
        return CHECKS_BOUNDS ? frame.get(BE32, at) : (int) INT.get(ALL, address(frame, at));
    }

    public static void i32(MemorySegment frame, long at, int value) {
        if (CHECKS_BOUNDS) {
            frame.set(BE32, at, value);
        } else {
            INT.set(ALL, address(frame, at), value);
        }
    }

    public static long i64(MemorySegment frame, long at) {
        return CHECKS_BOUNDS ? frame.get(BE64, at) : (long) LONG.get(ALL, address(frame, at));
    }

    public static void i64(MemorySegment frame, long at, long value) {
        if (CHECKS_BOUNDS) {
            frame.set(BE64, at, value);
        } else {
            LONG.set(ALL, address(frame, at), value);
        }
    }
}
