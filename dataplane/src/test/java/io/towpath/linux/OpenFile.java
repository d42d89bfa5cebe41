package io.towpath.linux;

import java.nio.file.Path;

/** Files in place of devices. */
public final class OpenFile {
    private OpenFile() {}

    /** Opens a file as {@link Tap} opens its device. */
    public static Fd open(Path path) {
        int number = Fd.open(path, Fd.O_RDWR | Fd.O_NONBLOCK);
        if (number < 0) {
            throw new LinuxException("opening " + path, -number);
        }
        return new Fd(number);
    }
}
