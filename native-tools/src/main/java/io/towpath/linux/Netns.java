package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Network namespaces ({@code setns(2)}). A thread enters one; sockets it makes there stay there. */
public final class Netns implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x4000_0000;
    private static final Path NAMED = Path.of("/run/netns");
    private static final MethodHandle SETNS = Libc.link("setns", Libc.intOf(JAVA_INT, JAVA_INT));

    private final Fd home;

    private Netns(Fd home) {
        this.home = home;
    }

    /** Moves the current platform thread into a namespace that {@code ip netns} knows, until the result is closed on the same thread. */
    public static Netns enter(String name) {
        Fd home = openNamespace(Path.of("/proc/thread-self/ns/net"), "this thread's network namespace");
        try (Fd target = openNamespace(NAMED.resolve(name), "network namespace " + name + " (see: ip netns list)")) {
            set(target, "entering network namespace " + name);
            return new Netns(home);
        } catch (RuntimeException e) {
            home.close();
            throw e;
        }
    }

    private static Fd openNamespace(Path path, String what) {
        int number = Fd.open(path, Fd.O_RDONLY);
        if (number < 0) {
            throw new LinuxException(number == -Errno.ENOENT ? "no " + what : "opening " + what, -number);
        }
        return new Fd(number);
    }

    private static void set(Fd namespace, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capture = Libc.newCapture(arena);
            int result = (int) SETNS.invokeExact(capture, namespace.number(), CLONE_NEWNET);
            if (result < 0) {
                throw new LinuxException(what, Libc.errno(capture));
            }
        } catch (LinuxException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Takes the thread back to where it came from. */
    @Override
    public void close() {
        set(home, "leaving a network namespace");
        home.close();
    }
}
