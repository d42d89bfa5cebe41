package io.towpath.dataplane.model;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What an {@link IOException} says to a user: the message of a file system's is the path alone where its class is the reason. */
public final class IoFailure {
    private IoFailure() {}

    /** Returns why it failed, without the path. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException ignored -> "no such file or directory";
            case NotDirectoryException ignored -> "not a directory";
            case AccessDeniedException ignored -> "permission denied";
            case FileSystemException failure when failure.getReason() != null -> failure.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    /** Returns where it failed, if that is known, and why. */
    public static String text(IOException e) {
        return e instanceof FileSystemException failure && failure.getFile() != null
                ? failure.getFile() + ": " + reason(e)
                : reason(e);
    }
}
