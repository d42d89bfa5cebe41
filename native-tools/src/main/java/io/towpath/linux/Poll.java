package io.towpath.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Waits until one of a fixed set of descriptors can be read ({@code poll(2)}). One thread. */
public final class Poll implements AutoCloseable {
    private static final MethodHandle POLL = Libc.link("poll", Libc.intOf(ADDRESS, JAVA_LONG, JAVA_INT));
    private static final short POLLIN = 1;
    private static final int POLLFD_BYTES = 8;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment capture = Libc.newCapture(arena);
    private final MemorySegment descriptors;
    private final int count;

    public Poll(int... fds) {
        count = fds.length;
        descriptors = arena.allocate((long) POLLFD_BYTES * Math.max(1, count), 8);
        for (int i = 0; i < count; i++) {
            descriptors.set(JAVA_INT, (long) i * POLLFD_BYTES, fds[i]);
            descriptors.set(JAVA_SHORT, (long) i * POLLFD_BYTES + 4, POLLIN);
        }
    }

    /** Waits for another descriptor at a position; for none where it is negative. */
    public void set(int position, int fd) {
        descriptors.set(JAVA_INT, (long) position * POLLFD_BYTES, fd);
    }

    /** Returns how many can be read, 0 after the time-out, or {@code -errno}. */
    public int await(int timeoutMs) {
        try {
            int ready = (int) POLL.invokeExact(capture, descriptors, (long) count, timeoutMs);
            return ready >= 0 ? ready : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Returns whether the descriptor at a position could be read when {@link #await} returned. */
    public boolean isReadable(int position) {
        return (descriptors.get(JAVA_SHORT, (long) position * POLLFD_BYTES + 6) & POLLIN) != 0;
    }

    @Override
    public void close() {
        arena.close();
    }
}
