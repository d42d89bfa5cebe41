package io.towpath.bench.core;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Binds a thread to a core: sched_setaffinity(2). */
final class Affinity {
    /** Bytes of a cpu_set_t (sched.h). */
    private static final int SET_BYTES = 128;

    private static final MethodHandle SCHED_SETAFFINITY = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker()
                            .defaultLookup()
                            .find("sched_setaffinity")
                            .orElseThrow(),
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

    private Affinity() {}

    /** Binds the calling thread; the JVM's own threads stay free. */
    static void pin(int core) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            set.set(JAVA_LONG, core / Long.SIZE * (long) Long.BYTES, 1L << core % Long.SIZE);
            int result = (int) SCHED_SETAFFINITY.invokeExact(0, (long) SET_BYTES, set);
            if (result != 0) {
                throw new IllegalArgumentException("this process may not run on core " + core);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a C function call failed in the JVM", e);
        }
    }
}
