package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The memory of this process by address, in host byte order. Maps keep the address of their data and read it through here.
 *
 * <p><b>Nothing is checked.</b> Through a constant segment that spans all addresses the compiler needs neither bounds nor lifetime for an
 * access, which is a quarter of the packet path's time; in return a wrong address ends the process. So an address is computed where its
 * bounds are known (a slot number masked or counted, a frame validated by the parser) and not from what a packet says. Alignment is the
 * caller's, too: that of the value.
 *
 * <p>Names tell the memory order where other threads look; the bare ones are plain, and without a check of the alignment. A plain access to
 * an aligned word does not tear on the 64-bit machines that this runs on.
 */
public final class NativeMemory {
    /** Base 0: an offset is an address. */
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Addresses of processes lie below: 2^47 on x86-64, 2^48 on AArch64, and 2^56 and 2^52 where somebody asks for them. */
    private static final long KNOWN = (1L << 56) - 1;
    /** What {@link #ALL} has for an access of any size. */
    private static final long UNCHECKED = (1L << 62) - 1;

    private static final VarHandle USHORT = JAVA_SHORT_UNALIGNED.varHandle().withInvokeExactBehavior();
    private static final VarHandle UINT = JAVA_INT_UNALIGNED.varHandle().withInvokeExactBehavior();
    private static final VarHandle ULONG = JAVA_LONG_UNALIGNED.varHandle().withInvokeExactBehavior();
    private static final VarHandle BYTE = JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = JAVA_SHORT.varHandle().withInvokeExactBehavior();
    private static final VarHandle INT = JAVA_INT.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private NativeMemory() {}

    /**
     * Returns an address of this process as it is. For the compiler: accesses to it and what lies near it need not be masked any more. Worth it
     * where an entry or a frame begins, for the several accesses that follow.
     */
    public static long known(long address) {
        return address & KNOWN;
    }

    /** Returns an address as it is, one that {@link #ALL} need not be asked about. */
    public static long unchecked(long address) {
        return address & UNCHECKED;
    }

    public static byte getByteAcquire(long address) {
        return (byte) BYTE.getAcquire(ALL, unchecked(address));
    }

    public static void setByteRelease(long address, byte value) {
        BYTE.setRelease(ALL, unchecked(address), value);
    }

    /** Returns an unsigned 16-bit integer. */
    public static int getShort(long address) {
        return (short) USHORT.get(ALL, unchecked(address)) & 0xFFFF;
    }

    public static void setShort(long address, int value) {
        USHORT.set(ALL, unchecked(address), (short) value);
    }

    public static void setShortRelease(long address, short value) {
        SHORT.setRelease(ALL, unchecked(address), value);
    }

    public static int getInt(long address) {
        return (int) UINT.get(ALL, unchecked(address));
    }

    public static void setInt(long address, int value) {
        UINT.set(ALL, unchecked(address), value);
    }

    public static int getIntOpaque(long address) {
        return (int) INT.getOpaque(ALL, unchecked(address));
    }

    public static void setIntOpaque(long address, int value) {
        INT.setOpaque(ALL, unchecked(address), value);
    }

    public static int getIntAcquire(long address) {
        return (int) INT.getAcquire(ALL, unchecked(address));
    }

    public static void setIntRelease(long address, int value) {
        INT.setRelease(ALL, unchecked(address), value);
    }

    public static boolean compareAndSetInt(long address, int old, int value) {
        return INT.compareAndSet(ALL, unchecked(address), old, value);
    }

    public static int getAndBitwiseOrInt(long address, int bits) {
        return (int) INT.getAndBitwiseOr(ALL, unchecked(address), bits);
    }

    public static long getLong(long address) {
        return (long) ULONG.get(ALL, unchecked(address));
    }

    public static void setLong(long address, long value) {
        ULONG.set(ALL, unchecked(address), value);
    }

    public static long getLongOpaque(long address) {
        return (long) LONG.getOpaque(ALL, unchecked(address));
    }

    public static long getLongVolatile(long address) {
        return (long) LONG.getVolatile(ALL, unchecked(address));
    }

    public static boolean compareAndSetLong(long address, long old, long value) {
        return LONG.compareAndSet(ALL, unchecked(address), old, value);
    }

    /**
     * Has the cache lines of the first {@code count} addresses on their way together: a loop that does nothing but load has as many loads under
     * way at once as the core can, where one that computes, too, has as many as its reorder buffer holds turns.
     *
     * @param offset added to each address
     * @return the sum of what is there, for the caller to keep, lest the compiler leave the loads out
     */
    public static long load(long[] addresses, int count, int offset) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += getLong(addresses[i] + offset);
        }
        return sum;
    }

    /**
     * As {@link #load} of each address and what is {@code distance} behind it, one right after the other: two lines side by side come sooner
     * than two far apart.
     */
    public static long loadPairs(long[] addresses, int count, int distance) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            long at = known(addresses[i]);
            sum += getLong(at) + getLong(at + distance);
        }
        return sum;
    }
}
