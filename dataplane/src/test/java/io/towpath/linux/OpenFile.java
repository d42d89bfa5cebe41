package io.towpath.linux;

import java.nio.file.Path;

/** Files in place of devices. */
public final class OpenFile {
    private OpenFile() {}

    /** Opens a file as {@link Tap} opens its device. */
    public static Fd open(Path path) {
        return open(path, Fd.O_RDWR);
    }

    /** Opens a file to read only: a pipe without writers has nothing, instead of something later. */
    public static Fd openToRead(Path path) {
        return open(path, Fd.O_RDONLY);
    }

    private static Fd open(Path path, int access) {
        int number = Fd.open(path, access | Fd.O_NONBLOCK);
        if (number < 0) {
            throw new LinuxException("opening " + path, -number);
        }
        return new Fd(number);
    }
}
