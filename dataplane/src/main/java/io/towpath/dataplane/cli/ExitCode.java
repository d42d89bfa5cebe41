package io.towpath.dataplane.cli;

/** What a command's exit status means. */
public final class ExitCode {
    public static final int OK = 0;
    /** The command ran and failed, or could not run here: no rights, no device, a failed check. */
    public static final int FAILURE = 1;
    /** The command line or a configuration file is wrong. */
    public static final int USAGE = 2;

    private ExitCode() {}
}
