package io.towpath.linux;

import java.util.Map;

/** Error numbers, {@code asm-generic/errno-base.h} and {@code errno.h}; the same on x86-64 and aarch64. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EFAULT = 14;
    public static final int EINVAL = 22;
    public static final int EMFILE = 24;
    public static final int ENOSPC = 28;
    public static final int ENOSYS = 38;
    public static final int ETIME = 62;
    public static final int EBADFD = 77;
    public static final int ENETDOWN = 100;
    public static final int ENOBUFS = 105;

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(EPERM, "EPERM, operation not permitted"),
            Map.entry(ENOENT, "ENOENT, no such file"),
            Map.entry(EINTR, "EINTR, interrupted"),
            Map.entry(EIO, "EIO, input/output error"),
            Map.entry(EBADF, "EBADF, bad file descriptor"),
            Map.entry(EAGAIN, "EAGAIN, try again"),
            Map.entry(ENOMEM, "ENOMEM, out of memory"),
            Map.entry(EACCES, "EACCES, permission denied"),
            Map.entry(EBUSY, "EBUSY, in use"),
            Map.entry(EEXIST, "EEXIST, exists already"),
            Map.entry(EFAULT, "EFAULT, bad address"),
            Map.entry(ENOSYS, "ENOSYS, no such system call, or a seccomp profile refuses it"),
            Map.entry(ETIME, "ETIME, time is up"),
            Map.entry(ENODEV, "ENODEV, no such device"),
            Map.entry(EINVAL, "EINVAL, invalid argument"),
            Map.entry(EMFILE, "EMFILE, too many open files"),
            Map.entry(ENOSPC, "ENOSPC, no space left"),
            Map.entry(EBADFD, "EBADFD, file descriptor in bad state"),
            Map.entry(ENETDOWN, "ENETDOWN, network is down"),
            Map.entry(ENOBUFS, "ENOBUFS, no buffer space"));

    private Errno() {}

    /** Returns name and meaning, or the bare number. */
    public static String message(int errno) {
        return NAMES.getOrDefault(errno, "errno " + errno);
    }
}
