package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** An exclusive lock on a directory by {@code flock(2)}: free again when its holder closes it or ends, however it ends. */
public final class DirectoryLock implements AutoCloseable {
    // asm-generic/fcntl.h
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;

    private static final MethodHandle FLOCK = Libc.link("flock", Libc.intOf(JAVA_INT, JAVA_INT));

    private final Fd directory;

    private DirectoryLock(Fd directory) {
        this.directory = directory;
    }

    /**
     * Takes the lock, without waiting.
     *
     * @return null if another holds it, in this process or another
     * @throws LinuxException if there is no such directory, or it cannot be opened
     */
    public static DirectoryLock tryLock(Path path) {
        int number = Fd.open(path, Fd.O_RDONLY);
        if (number < 0) {
            throw new LinuxException("opening " + path, -number);
        }
        Fd directory = new Fd(number);
        int error = flock(number);
        if (error == 0) {
            return new DirectoryLock(directory);
        }
        directory.close();
        if (error == Errno.EAGAIN) {
            return null;
        }
        throw new LinuxException("locking " + path, error);
    }

    private static int flock(int number) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capture = Libc.newCapture(arena);
            int result = (int) FLOCK.invokeExact(capture, number, LOCK_EX | LOCK_NB);
            return result == 0 ? 0 : Libc.errno(capture);
        } catch (Throwable e) {
            throw Libc.impossible(e);
        }
    }

    /** Returns whether the locked directory is still the one of that path: its last holder may have removed it just before. */
    public boolean isOf(Path path) throws IOException {
        try {
            return Files.isSameFile(Path.of("/proc/self/fd", String.valueOf(directory.number())), path);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    @Override
    public void close() {
        directory.close();
    }
}
