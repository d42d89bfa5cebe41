package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Bounds what frames written to a TAP queue may hold of the kernel's memory before it refuses more. */
public final class TapSendBuffer {
    private static final long TUNSETSNDBUF = 0x4004_54D4L;
    // The same on x86-64 and aarch64: asm/unistd.h
    private static final long SYS_PIDFD_OPEN = 434;
    private static final long SYS_PIDFD_GETFD = 438;
    private static final MethodHandle SYSCALL =
            Libc.link("syscall", Libc.longOf(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), Libc.variadicFrom(1));

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

    /** Does so to all queues that another process has of a device. */
    public static void limit(Process process, String device, int bytes) throws IOException {
        try (Fd other = new Fd(syscall(SYS_PIDFD_OPEN, process.pid(), 0))) {
            List<Integer> queues = queues(process, device);
            if (queues.isEmpty()) {
                throw new IllegalStateException("process " + process.pid() + " has no queue of " + device);
            }
            for (int number : queues) {
                try (Fd queue = new Fd(syscall(SYS_PIDFD_GETFD, other.number(), number))) {
                    limit(queue, bytes);
                }
            }
        }
    }

    /** By what the kernel says of a TAP's descriptors ({@code drivers/net/tun.c}, {@code tun_chr_show_fdinfo}). */
    private static List<Integer> queues(Process process, String device) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc", String.valueOf(process.pid()), "fdinfo"))) {
            return descriptors
                    .filter(descriptor -> says(descriptor, "iff:\t" + device))
                    .map(descriptor -> Integer.valueOf(descriptor.getFileName().toString()))
                    .toList();
        }
    }

    private static boolean says(Path descriptor, String line) {
        try {
            return Files.readAllLines(descriptor).contains(line);
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }

    private static int syscall(long number, long a, long b) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capture = Libc.newCapture(arena);
            long result = (long) SYSCALL.invokeExact(capture, number, a, b, 0L);
            if (result < 0) {
                throw new LinuxException("system call " + number, Libc.errno(capture));
            }
            return (int) result;
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }
}
