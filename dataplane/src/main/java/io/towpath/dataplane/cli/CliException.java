package io.towpath.dataplane.cli;

import java.io.Serial;

/** Ends a command with one line on stderr, which says what to do, and an exit code. */
public final class CliException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    public CliException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
