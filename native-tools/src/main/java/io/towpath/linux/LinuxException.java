package io.towpath.linux;

/** A system call failed while something was being set up. The packet path returns {@code -errno} instead. */
public final class LinuxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /** @param what what was tried, in the user's words, with the values */
    public LinuxException(String what, int errno) {
        super(what + ": " + Errno.message(errno));
        this.errno = errno;
    }

    public LinuxException(String message) {
        super(message);
        this.errno = 0;
    }

    /** Returns the error number of {@code errno.h}, 0 where none applies. */
    public int errno() {
        return errno;
    }
}
