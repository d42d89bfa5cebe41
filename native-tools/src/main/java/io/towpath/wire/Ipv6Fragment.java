package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/** IPv6 fragment header, RFC 8200 section 4.5: next header 0, reserved 1, offset and more-fragments flag 2, identification 4. */
public final class Ipv6Fragment {
    public static final int HEADER_LENGTH = 8;

    private static final int OFFSET_MASK = 0xFFF8;
    private static final int MORE_FRAGMENTS = 1;

    private Ipv6Fragment() {}

    /** Returns where the fragment's payload belongs in the fragmentable part, bytes. */
    public static int offset(MemorySegment frame, long at) {
        return Bytes.u16(frame, at + 2) & OFFSET_MASK;
    }

    public static boolean isLast(MemorySegment frame, long at) {
        return (Bytes.u16(frame, at + 2) & MORE_FRAGMENTS) == 0;
    }

    /** Returns whether this is all of the packet: no other fragment has to be waited for (RFC 6946). */
    static boolean isAtomic(MemorySegment frame, long at) {
        return (Bytes.u16(frame, at + 2) & (OFFSET_MASK | MORE_FRAGMENTS)) == 0;
    }

    public static int identification(MemorySegment frame, long at) {
        return Bytes.i32(frame, at + 4);
    }
}
