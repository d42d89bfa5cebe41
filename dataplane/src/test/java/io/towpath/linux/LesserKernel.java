package io.towpath.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Turns into another program, for which the kernel lacks something: by a seccomp filter, as container runtimes have one. */
public final class LesserKernel {
    private static final int PR_SET_SECCOMP = 22;
    private static final long SECCOMP_MODE_FILTER = 2;
    // linux/seccomp.h
    private static final int RET_ALLOW = 0x7FFF_0000;
    private static final int RET_ERRNO = 0x0005_0000;
    // linux/filter.h: load the word at k; jump unless it is k, or has a bit of k; return k
    private static final int LOAD = 0x20;
    private static final int UNLESS_EQUAL = 0x15;
    private static final int UNLESS_BIT = 0x45;
    private static final int RETURN = 0x06;
    /** Distance of a jump, where the condition does not hold. */
    private static final int SKIP = 1 << 24;
    // struct seccomp_data: the system call, and the lower halves of its second and third argument
    private static final int NUMBER_OFFSET = 0;
    private static final int REQUEST_OFFSET = 24;
    private static final int ARGUMENT_OFFSET = 32;
    /** The same on x86-64 and aarch64: asm/unistd.h. */
    private static final int SYS_IO_URING_SETUP = 425;

    private static final int SYS_IOCTL = System.getProperty("os.arch").equals("aarch64") ? 29 : 16;
    // linux/if_tun.h: TUN_F_USO4 and TUN_F_USO6
    private static final int TUNSETOFFLOAD = 0x4004_54D0;
    private static final int UDP_SEGMENTATION = 0x60;

    private static final int INSTRUCTION_BYTES = 8;
    private static final String IO_URING = "io_uring";
    private static final String UDP = "udp";
    private static final MethodHandle PRCTL =
            Libc.link("prctl", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS), Libc.variadicFrom(1));
    private static final MethodHandle EXECVP = Libc.link("execvp", Libc.intOf(ADDRESS, ADDRESS));

    private LesserKernel() {}

    /**
     * Returns the command line that runs a program where no io_uring can be made.
     *
     * @param errno what the kernel answers
     */
    public static List<String> withoutIoUring(int errno, List<String> program) {
        return command(errno, IO_URING, program);
    }

    /** Returns the command line that runs a program as before Linux 6.2, whose TAPs take no super-frames of UDP datagrams. */
    public static List<String> withoutUdpSegmentation(List<String> program) {
        return command(Errno.EINVAL, UDP, program);
    }

    private static List<String> command(int errno, String feature, List<String> program) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                LesserKernel.class.getName(),
                Integer.toString(errno),
                feature));
        command.addAll(program);
        return command;
    }

    /** @param args the error number, what lacks, and the program with its arguments */
    public static void main(String[] args) throws Throwable {
        Arena arena = Arena.global();
        MemorySegment capture = Libc.newCapture(arena);
        MemorySegment program = arena.allocate(ADDRESS, args.length - 1);
        for (int i = 2; i < args.length; i++) {
            program.setAtIndex(ADDRESS, i - 2, arena.allocateFrom(args[i]));
        }
        int errno = Integer.parseInt(args[0]);
        MemorySegment filter = filter(arena, args[1].equals(UDP) ? refuseUdp(errno) : refuseIoUring(errno));
        if ((int) PRCTL.invokeExact(capture, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) < 0) {
            throw new LinuxException("setting a seccomp filter", Libc.errno(capture));
        }
        int _ = (int) EXECVP.invokeExact(capture, program.getAtIndex(ADDRESS, 0), program);
        throw new LinuxException("starting " + args[2], Libc.errno(capture));
    }

    private static int[][] refuseIoUring(int errno) {
        return new int[][] {
            {LOAD, NUMBER_OFFSET},
            {UNLESS_EQUAL | SKIP, SYS_IO_URING_SETUP},
            {RETURN, RET_ERRNO | errno},
            {RETURN, RET_ALLOW}
        };
    }

    private static int[][] refuseUdp(int errno) {
        return new int[][] {
            {LOAD, NUMBER_OFFSET},
            {UNLESS_EQUAL | 5 * SKIP, SYS_IOCTL},
            {LOAD, REQUEST_OFFSET},
            {UNLESS_EQUAL | 3 * SKIP, TUNSETOFFLOAD},
            {LOAD, ARGUMENT_OFFSET},
            {UNLESS_BIT | SKIP, UDP_SEGMENTATION},
            {RETURN, RET_ERRNO | errno},
            {RETURN, RET_ALLOW}
        };
    }

    /** Returns a {@code struct sock_fprog}. */
    private static MemorySegment filter(Arena arena, int[][] instructions) {
        MemorySegment code = arena.allocate((long) instructions.length * INSTRUCTION_BYTES, Long.BYTES);
        for (int i = 0; i < instructions.length; i++) {
            code.setAtIndex(JAVA_INT, 2L * i, instructions[i][0]);
            code.setAtIndex(JAVA_INT, 2L * i + 1, instructions[i][1]);
        }
        MemorySegment program = arena.allocate(16, Long.BYTES);
        program.set(JAVA_SHORT, 0, (short) instructions.length);
        program.set(ADDRESS, 8, code);
        return program;
    }
}
