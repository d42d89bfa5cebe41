package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Wakes a thread that waits in {@link Poll} ({@code eventfd(2)}): readable from the first {@link #signal} until it is drained. */
public final class EventFd implements AutoCloseable {
    // sys/eventfd.h
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;

    private static final MethodHandle EVENTFD = Libc.link("eventfd", Libc.intOf(JAVA_INT, JAVA_INT));

    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocate(JAVA_LONG);
    private final MemorySegment count = arena.allocate(JAVA_LONG);
    private final Fd fd;

    public EventFd() {
        int number = open(arena);
        if (number < 0) {
            arena.close();
            throw new LinuxException("making an eventfd", -number);
        }
        one.set(JAVA_LONG, 0, 1);
        fd = new Fd(number);
    }

    private static int open(Arena arena) {
        MemorySegment capture = Libc.newCapture(arena);
        try {
            int fd = (int) EVENTFD.invokeExact(capture, 0, EFD_CLOEXEC | EFD_NONBLOCK);
            return fd >= 0 ? fd : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Returns the number by which the kernel knows it. */
    public int number() {
        return fd.number();
    }

    /** Makes it readable. Any thread: a write that fails means that it is readable already. */
    public void signal() {
        fd.write(one, 0, Long.BYTES);
    }

    /** Makes it unreadable. The waiting thread. */
    public void drain() {
        fd.read(count, 0, Long.BYTES);
    }

    @Override
    public void close() {
        fd.close();
        arena.close();
    }
}
