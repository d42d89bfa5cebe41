package io.towpath.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * Memory from {@code mmap(2)}, as a native segment: anonymous, or a file shared between processes. Accesses through such a segment cost
 * the same as to {@code malloc}ed memory; {@code FileChannel.map} segments are slower.
 *
 * <p>{@link #close} unmaps: no access may follow, from any thread.
 */
public final class MappedMemory implements AutoCloseable {
    // asm-generic/mman-common.h, asm-generic/fcntl.h
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_POPULATE = 0x8000;
    private static final int MADV_HUGEPAGE = 14;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_EXCL = 0x80;
    private static final int O_CLOEXEC = 0x80000;
    private static final int OWNER_ONLY = 0600;
    private static final long HUGE_PAGE = 2L << 20;
    private static final long MAP_FAILED = -1;

    private static final MethodHandle MMAP =
            Libc.link("mmap", Libc.longOf(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = Libc.link("munmap", Libc.intOf(JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MADVISE = Libc.link("madvise", Libc.intOf(JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle OPEN =
            Libc.link("open", Libc.intOf(ADDRESS, JAVA_INT, JAVA_INT), Libc.variadicFrom(2));
    private static final MethodHandle CLOSE = Libc.link("close", Libc.intOf(JAVA_INT));
    private static final MethodHandle FALLOCATE =
            Libc.link("posix_fallocate", Libc.intOf(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private final long address;
    private final long mappedBytes;
    private final MemorySegment segment;

    private MappedMemory(long address, long mappedBytes, long start, long bytes, boolean readOnly) {
        this.address = address;
        this.mappedBytes = mappedBytes;
        MemorySegment all = MemorySegment.ofAddress(start).reinterpret(bytes);
        this.segment = readOnly ? all.asReadOnly() : all;
    }

    /** Maps zeroed private memory, aligned to 2 MiB and advised to use huge pages when it is that large. */
    public static MappedMemory anonymous(long bytes) {
        boolean huge = bytes >= HUGE_PAGE;
        long length = huge ? bytes + HUGE_PAGE : bytes;
        long address =
                mmap(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, "mapping " + bytes + " bytes");
        long start = huge ? (address + HUGE_PAGE - 1) & -HUGE_PAGE : address;
        if (huge) {
            advise(start, bytes);
        }
        return new MappedMemory(address, length, start, bytes, false);
    }

    /**
     * Creates a file (mode 0600) with all its blocks allocated, and maps it shared.
     *
     * @throws LinuxException if it exists, or the file system has no room for it
     */
    public static MappedMemory create(Path file, long bytes) {
        return shared(file, O_CREAT | O_EXCL, bytes);
    }

    /**
     * Maps the first {@code bytes} of an existing file shared, for reading and writing; blocks that it lacks are allocated.
     *
     * @throws LinuxException if it is missing, or the file system has no room for it
     */
    public static MappedMemory open(Path file, long bytes) {
        return shared(file, 0, bytes);
    }

    private static MappedMemory shared(Path file, int flags, long bytes) {
        int fd = open(file, O_RDWR | O_CLOEXEC | flags);
        try (Arena arena = Arena.ofConfined()) {
            // A later page fault on a full file system would be a SIGBUS.
            int error = (int) FALLOCATE.invokeExact(Libc.newCapture(arena), fd, 0L, bytes);
            if (error != 0) {
                throw new LinuxException("allocating " + bytes + " bytes for " + file, error);
            }
            long address = mmap(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, "mapping " + file);
            advise(address, bytes);
            return new MappedMemory(address, bytes, address, bytes, false);
        } catch (LinuxException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw Libc.impossible(e);
        } finally {
            close(fd);
        }
    }

    /** Maps the first {@code bytes} of an existing file for reading; its writer's stores become visible as they happen. */
    public static MappedMemory openReadOnly(Path file, long bytes) {
        int fd = open(file, O_CLOEXEC);
        try {
            long address = mmap(bytes, PROT_READ, MAP_SHARED, fd, "mapping " + file);
            return new MappedMemory(address, bytes, address, bytes, true);
        } finally {
            close(fd);
        }
    }

    /** Maps what a driver or the kernel offers behind a descriptor, shared. */
    static MappedMemory ofDescriptor(int fd, long offset, long bytes, String what) {
        long address = mmap(bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset, what);
        return new MappedMemory(address, bytes, address, bytes, false);
    }

    /** Returns the memory; its lifetime is this object's, which the segment does not check. */
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        try (Arena arena = Arena.ofConfined()) {
            int ignored = (int) MUNMAP.invokeExact(Libc.newCapture(arena), address, mappedBytes);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    private static long mmap(long bytes, int protection, int flags, int fd, String what) {
        return mmap(bytes, protection, flags, fd, 0, what);
    }

    private static long mmap(long bytes, int protection, int flags, int fd, long offset, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capture = Libc.newCapture(arena);
            long address = (long) MMAP.invokeExact(capture, 0L, bytes, protection, flags, fd, offset);
            if (address == MAP_FAILED) {
                throw new LinuxException(what, Libc.errno(capture));
            }
            return address;
        } catch (LinuxException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    private static void advise(long address, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            // Only advice: kernels without huge pages refuse it, and the memory works all the same.
            int ignored = (int) MADVISE.invokeExact(Libc.newCapture(arena), address, bytes, MADV_HUGEPAGE);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    private static int open(Path file, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capture = Libc.newCapture(arena);
            int fd = (int) OPEN.invokeExact(capture, arena.allocateFrom(file.toString()), flags, OWNER_ONLY);
            if (fd < 0) {
                throw new LinuxException("opening " + file, Libc.errno(capture));
            }
            return fd;
        } catch (LinuxException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    private static void close(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            int ignored = (int) CLOSE.invokeExact(Libc.newCapture(arena), fd);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }
}
