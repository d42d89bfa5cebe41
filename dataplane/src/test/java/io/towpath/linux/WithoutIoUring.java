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

/** Turns into another program that cannot make an io_uring, by a seccomp filter, as container runtimes have one. */
public final class WithoutIoUring {
    private static final int PR_SET_SECCOMP = 22;
    private static final long SECCOMP_MODE_FILTER = 2;
    // linux/seccomp.h
    private static final int RET_ALLOW = 0x7FFF_0000;
    private static final int RET_ERRNO = 0x0005_0000;
    // linux/filter.h: load the word at k, jump unless it is k, return k
    private static final int LOAD = 0x20;
    private static final int UNLESS_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    /** Of {@code struct seccomp_data}: the system call. */
    private static final int NUMBER_OFFSET = 0;
    /** The same on x86-64 and aarch64: asm/unistd.h. */
    private static final int SYS_IO_URING_SETUP = 425;

    private static final int INSTRUCTION_BYTES = 8;
    private static final MethodHandle PRCTL =
            Libc.link("prctl", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS), Libc.variadicFrom(1));
    private static final MethodHandle EXECVP = Libc.link("execvp", Libc.intOf(ADDRESS, ADDRESS));

    private WithoutIoUring() {}

    /**
     * Returns the command line that runs a program so.
     *
     * @param errno what the kernel answers
     */
    public static List<String> command(int errno, List<String> program) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                WithoutIoUring.class.getName(),
                Integer.toString(errno)));
        command.addAll(program);
        return command;
    }

    /** @param args the error number, and the program with its arguments */
    public static void main(String[] args) throws Throwable {
        Arena arena = Arena.global();
        MemorySegment capture = Libc.newCapture(arena);
        MemorySegment program = arena.allocate(ADDRESS, args.length);
        for (int i = 1; i < args.length; i++) {
            program.setAtIndex(ADDRESS, i - 1, arena.allocateFrom(args[i]));
        }
        MemorySegment filter = filter(arena, Integer.parseInt(args[0]));
        if ((int) PRCTL.invokeExact(capture, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) < 0) {
            throw new LinuxException("setting a seccomp filter", Libc.errno(capture));
        }
        int _ = (int) EXECVP.invokeExact(capture, program.getAtIndex(ADDRESS, 0), program);
        throw new LinuxException("starting " + args[1], Libc.errno(capture));
    }

    /** Returns a {@code struct sock_fprog}. */
    private static MemorySegment filter(Arena arena, int errno) {
        int[][] instructions = {
            {LOAD, NUMBER_OFFSET},
            {UNLESS_EQUAL | 1 << 24, SYS_IO_URING_SETUP},
            {RETURN, RET_ERRNO | errno},
            {RETURN, RET_ALLOW}
        };
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
