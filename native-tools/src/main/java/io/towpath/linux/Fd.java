package io.towpath.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * A file descriptor with reads and writes for the packet path: {@code read(2)}, {@code write(2)}. One thread at a time; {@link #close} may
 * come from another once that thread is done.
 */
public final class Fd implements AutoCloseable {
    // asm-generic/fcntl.h
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    private static final MethodHandle OPEN =
            Libc.link("open", Libc.intOf(ADDRESS, JAVA_INT, JAVA_INT), Libc.variadicFrom(2));
    /** Buffers go as addresses: a slice for each call might be allocated. */
    private static final MethodHandle READ = Libc.link("read", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private static final MethodHandle WRITE = Libc.link("write", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle CLOSE = Libc.link("close", Libc.intOf(JAVA_INT));
    private static final MethodHandle IOCTL =
            Libc.link("ioctl", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS), Libc.variadicFrom(2));
    private static final MethodHandle IOCTL_LONG =
            Libc.link("ioctl", Libc.intOf(JAVA_INT, JAVA_LONG, JAVA_LONG), Libc.variadicFrom(2));

    private final int number;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment capture = Libc.newCapture(arena);
    private boolean closed;

    Fd(int number) {
        this.number = number;
    }

    /** Opens a path; the result is {@code -errno} where that fails. */
    static int open(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capture = Libc.newCapture(arena);
            int fd = (int) OPEN.invokeExact(capture, arena.allocateFrom(path.toString()), flags | O_CLOEXEC, 0);
            return fd >= 0 ? fd : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Returns the number by which the kernel knows it. */
    public int number() {
        return number;
    }

    /** Reads into native memory. Returns the bytes read, or {@code -errno}. */
    public int read(MemorySegment memory, long offset, long length) {
        try {
            long bytes = (long) READ.invokeExact(capture, number, memory.address() + offset, length);
            return bytes >= 0 ? (int) bytes : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Writes from native memory. Returns the bytes written, or {@code -errno}. */
    public int write(MemorySegment memory, long offset, long length) {
        try {
            long bytes = (long) WRITE.invokeExact(capture, number, memory.address() + offset, length);
            return bytes >= 0 ? (int) bytes : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Returns the result, or {@code -errno}. */
    int ioctl(long request, MemorySegment argument) {
        try {
            int result = (int) IOCTL.invokeExact(capture, number, request, argument);
            return result >= 0 ? result : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** As {@link #ioctl(long, MemorySegment)}, with the argument itself. */
    int ioctl(long request, long argument) {
        try {
            int result = (int) IOCTL_LONG.invokeExact(capture, number, request, argument);
            return result >= 0 ? result : -Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int ignored = (int) CLOSE.invokeExact(capture, number);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
        arena.close();
    }
}
