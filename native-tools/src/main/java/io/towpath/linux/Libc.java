package io.towpath.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** Links functions of the C library; each call captures {@code errno}. */
final class Libc {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout CAPTURE_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private Libc() {}

    /** Links a function whose first parameter is the capture segment of {@link #newCapture}. */
    static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... more) {
        Linker.Option[] options = new Linker.Option[more.length + 1];
        options[0] = Linker.Option.captureCallState("errno");
        System.arraycopy(more, 0, options, 1, more.length);
        MemorySegment symbol = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new LinuxException("the C library has no function " + name));
        return LINKER.downcallHandle(symbol, descriptor, options);
    }

    /** Returns a variadic function's option: arguments from {@code first} on are variadic. */
    static Linker.Option variadicFrom(int first) {
        return Linker.Option.firstVariadicArg(first);
    }

    /** Allocates room for one thread's {@code errno}. */
    static MemorySegment newCapture(Arena arena) {
        return arena.allocate(CAPTURE_LAYOUT);
    }

    static int errno(MemorySegment capture) {
        return (int) ERRNO.get(capture, 0L);
    }

    static FunctionDescriptor intOf(MemoryLayout... arguments) {
        return FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments);
    }

    static FunctionDescriptor longOf(MemoryLayout... arguments) {
        return FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments);
    }

    /** Turns what {@code invokeExact} declares into what cannot happen: a linked C function throws nothing. */
    static AssertionError impossible(Throwable thrown) {
        return new AssertionError("a C function call failed in the JVM", thrown);
    }
}
