package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Bounds what frames written to a TAP queue may hold of the kernel's memory before it refuses more. */
public final class TapSendBuffer {
    private static final long TUNSETSNDBUF = 0x4004_54D4L;

    private TapSendBuffer() {}

    public static void limit(Fd queue, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocateFrom(JAVA_INT, bytes);
            int result = queue.ioctl(TUNSETSNDBUF, size);
            if (result < 0) {
                throw new LinuxException("TUNSETSNDBUF", -result);
            }
        }
    }
}
