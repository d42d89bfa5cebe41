package io.towpath.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program of the system to its end: set-up only. */
final class SystemProgram {
    private static final long TIMEOUT_S = 20;

    private SystemProgram() {}

    /**
     * Returns what the program printed.
     *
     * @param input what it reads
     * @param pack package to install where it is missing
     * @throws LinuxException with its message if it fails
     */
    static String run(List<String> command, String input, String pack) {
        String text = String.join(" ", command);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (var stdin = process.outputWriter(StandardCharsets.UTF_8)) {
                stdin.write(input);
            } catch (IOException e) {
                // It ended before it read everything: its own message says why.
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new LinuxException(text + ": no end in " + TIMEOUT_S + " s");
            }
            if (process.exitValue() != 0) {
                throw new LinuxException(text + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new LinuxException("cannot run " + command.getFirst() + ", install " + pack + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LinuxException(text + ": interrupted");
        }
    }
}
