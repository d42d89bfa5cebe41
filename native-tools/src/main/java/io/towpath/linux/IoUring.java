package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * An io_uring ({@code linux/io_uring.h}) of one thread, for what Linux 6.7 has: multishot reads into buffers that the kernel picks. Made by
 * any thread; the one that calls {@link #enable} is its owner from then on, and the only one to use it. The kernel does its work for the ring
 * only while that thread is in {@link #enter}.
 */
public final class IoUring implements AutoCloseable {
    // The same on x86-64 and aarch64: asm/unistd.h
    private static final long SYS_SETUP = 425;
    private static final long SYS_ENTER = 426;
    private static final long SYS_REGISTER = 427;
    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_R_DISABLED = 1 << 6;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_EXT_ARG = 1 << 3;
    private static final int REGISTER_FILES = 2;
    private static final int UNREGISTER_FILES = 3;
    private static final int REGISTER_FILES_UPDATE = 6;
    private static final int REGISTER_PROBE = 8;
    private static final int REGISTER_ENABLE_RINGS = 12;
    private static final int REGISTER_BUFFER_RING = 22;
    private static final long SQ_RING_OFFSET = 0;
    private static final long ENTRIES_OFFSET = 0x1000_0000;
    private static final int PARAMS_BYTES = 120;
    private static final int PARAMS_SQ_OFFSETS = 40;
    private static final int PARAMS_CQ_OFFSETS = 80;
    private static final int PROBE_OPERATIONS = 64;

    /** The C library has no functions for these; arguments that the kernel takes as pointers go as addresses. */
    private static final MethodHandle SYSCALL = Libc.link(
            "syscall",
            Libc.longOf(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Libc.variadicFrom(1));

    private static final MethodHandle CLOSE = Libc.link("close", Libc.intOf(JAVA_INT));

    private final Arena arena = Arena.ofShared();
    private final MemorySegment capture = Libc.newCapture(arena);
    /** {@code io_uring_getevents_arg}, and the {@code timespec} that it points to. */
    private final MemorySegment waitArgument = arena.allocate(24, 8);

    private final MemorySegment timeout = arena.allocate(16, 8);
    private final int fd;
    private final MappedMemory rings;
    private final MappedMemory entries;
    private final SubmissionQueue submissions;
    private final CompletionQueue completions;
    private BufferRing buffers;

    /**
     * @param requests room for them, a power of two
     * @param completionCount room for them, a power of two
     * @throws LinuxException where the kernel refuses it, or is too old
     */
    public IoUring(int requests, int completionCount) {
        MemorySegment params = arena.allocate(PARAMS_BYTES, 8);
        params.set(JAVA_INT, 4, completionCount);
        params.set(
                JAVA_INT,
                8,
                SETUP_CQSIZE
                        | SETUP_R_DISABLED
                        | SETUP_SUBMIT_ALL
                        | SETUP_TASKRUN_FLAG
                        | SETUP_SINGLE_ISSUER
                        | SETUP_DEFER_TASKRUN);
        this.fd = check(syscall(SYS_SETUP, requests, params.address(), 0, 0, 0, 0), "making an io_uring");
        MappedMemory mapped = null;
        try {
            requireMultishotReads();
            int sqEntries = params.get(JAVA_INT, 0);
            int cqEntries = params.get(JAVA_INT, 4);
            // Both rings are in one mapping since Linux 5.4: as long as the one that ends last.
            long bytes = Math.max(
                    field(params, PARAMS_SQ_OFFSETS + 24) + 4L * sqEntries,
                    field(params, PARAMS_CQ_OFFSETS + 20) + 16L * cqEntries);
            mapped = MappedMemory.ofDescriptor(fd, SQ_RING_OFFSET, bytes, "mapping an io_uring");
            this.entries = MappedMemory.ofDescriptor(fd, ENTRIES_OFFSET, 64L * sqEntries, "mapping an io_uring");
            this.rings = mapped;
            long base = rings.segment().address();
            this.submissions = new SubmissionQueue(
                    params, PARAMS_SQ_OFFSETS, base, entries.segment().address(), sqEntries);
            this.completions = new CompletionQueue(params, PARAMS_CQ_OFFSETS, base, cqEntries);
            waitArgument.set(JAVA_LONG, 16, timeout.address());
        } catch (LinuxException e) {
            if (mapped != null) {
                mapped.close();
            }
            closeDescriptor();
            throw e;
        }
    }

    static long field(MemorySegment params, int offset) {
        return Integer.toUnsignedLong(params.get(JAVA_INT, offset));
    }

    private void requireMultishotReads() {
        MemorySegment probe = arena.allocate(16 + 8L * PROBE_OPERATIONS, 8);
        check(register(REGISTER_PROBE, probe, PROBE_OPERATIONS), "asking what io_uring can do");
        int last = probe.get(ValueLayout.JAVA_BYTE, 0) & 0xFF;
        if (last < SubmissionQueue.OP_READ_MULTISHOT) {
            throw new LinuxException("io_uring has no multishot reads before Linux 6.7");
        }
    }

    public SubmissionQueue submissions() {
        return submissions;
    }

    public CompletionQueue completions() {
        return completions;
    }

    /** Registers descriptors; requests know them by their position. Negative ones are places for later. */
    public void registerFiles(int... fds) {
        MemorySegment array = arena.allocateFrom(JAVA_INT, fds);
        check(register(REGISTER_FILES, array, fds.length), "registering files with io_uring");
    }

    /** Puts another descriptor at a position. Returns 1, or {@code -errno}. */
    public int updateFile(int position, int fileDescriptor) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment files = scratch.allocateFrom(JAVA_INT, fileDescriptor);
            MemorySegment update = scratch.allocate(16, 8);
            update.set(JAVA_INT, 0, position);
            update.set(JAVA_LONG, 8, files.address());
            return register(REGISTER_FILES_UPDATE, update, 1);
        }
    }

    /** Lets go of the registered files at once, which closing the ring does some time later. Returns 0, or {@code -errno}. */
    public int unregisterFiles() {
        return register(UNREGISTER_FILES, MemorySegment.NULL, 0);
    }

    /** Makes a ring of buffers for reads that name its group. Once. */
    public BufferRing registerBuffers(int count, int group) {
        buffers = new BufferRing(count);
        MemorySegment request = arena.allocate(40, 8);
        request.set(JAVA_LONG, 0, buffers.address());
        request.set(JAVA_INT, 8, buffers.capacity());
        request.set(ValueLayout.JAVA_SHORT, 12, (short) group);
        check(register(REGISTER_BUFFER_RING, request, 1), "registering buffers with io_uring");
        return buffers;
    }

    /** Makes this thread the owner. Returns 0, or {@code -errno}. */
    public int enable() {
        return register(REGISTER_ENABLE_RINGS, MemorySegment.NULL, 0);
    }

    /** Hands requests over and has completions posted, where there are any. Returns how many were handed over, or {@code -errno}. Never waits. */
    public int enter() {
        int count = submissions.publishRelease();
        if (count == 0 && !submissions.needsEnterAcquire()) {
            return 0;
        }
        return syscall(SYS_ENTER, fd, count, 0, ENTER_GETEVENTS, 0, 0);
    }

    /** As {@link #enter}, and waits for a completion. Returns {@code -ETIME} where none came in time and nothing was handed over. */
    public int enterAndWait(long timeoutNs) {
        int count = submissions.publishRelease();
        if (!completions.isEmpty()) {
            return count == 0 ? 0 : enter();
        }
        timeout.set(JAVA_LONG, 0, timeoutNs / 1_000_000_000);
        timeout.set(JAVA_LONG, 8, timeoutNs % 1_000_000_000);
        return syscall(
                SYS_ENTER,
                fd,
                count,
                1,
                ENTER_GETEVENTS | ENTER_EXT_ARG,
                waitArgument.address(),
                waitArgument.byteSize());
    }

    private int register(int operation, MemorySegment argument, int count) {
        return syscall(SYS_REGISTER, fd, operation, argument.address(), count, 0, 0);
    }

    private int syscall(long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) SYSCALL.invokeExact(capture, number, a, b, c, d, e, f);
            return result >= 0 ? (int) result : -Libc.errno(capture);
        } catch (Throwable thrown) {
            throw Libc.impossible(thrown);
        }
    }

    private static int check(int result, String what) {
        if (result < 0) {
            throw new LinuxException(what, -result);
        }
        return result;
    }

    /**
     * Ends it. The rings' memory is the kernel's as long as it needs that; but it ends what is in flight on its own time, so that memory which
     * such reads and writes are about must outlive this.
     */
    @Override
    public void close() {
        closeDescriptor();
        entries.close();
        rings.close();
        if (buffers != null) {
            buffers.close();
        }
    }

    private void closeDescriptor() {
        try {
            int ignored = (int) CLOSE.invokeExact(capture, fd);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
        arena.close();
    }
}
