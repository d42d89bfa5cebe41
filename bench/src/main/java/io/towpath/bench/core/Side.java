package io.towpath.bench.core;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.List;

/** A measuring process that answers each {@code go} with a line. It works only while it is asked. */
final class Side implements AutoCloseable {
    static final String READY = "ready";

    private final String command;
    private final Process process;
    private final BufferedReader output;
    private final Writer input;

    /** Starts the process; what it says on stderr goes to ours. */
    Side(List<String> command) throws IOException {
        this.command = String.join(" ", command);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = process.inputReader();
        input = process.outputWriter();
    }

    /** Waits until it is prepared. Returns what that took of memory, bytes; 0 where it does not say. */
    long awaitReady() throws IOException {
        String line = line();
        if (!line.matches(READY + "( [0-9]+)?")) {
            throw new IOException("'" + command + "' said: " + line);
        }
        return line.equals(READY) ? 0 : Long.parseLong(line.substring(READY.length() + 1));
    }

    /** Has it measure once and returns what it says. */
    String go() throws IOException {
        try {
            input.write("go\n");
            input.flush();
        } catch (IOException e) {
            throw new IOException("'" + command + "' ended", e);
        }
        return line();
    }

    private String line() throws IOException {
        String line = output.readLine();
        if (line == null) {
            throw new IOException("'" + command + "' ended");
        }
        return line;
    }

    /** Ends its input, so that it removes what it made, and waits. */
    @Override
    public void close() {
        try {
            input.close();
        } catch (IOException e) {
            process.destroy(); // it does not read any more
        }
        boolean interrupted = false;
        while (true) {
            try {
                process.waitFor();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
                process.destroyForcibly();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
