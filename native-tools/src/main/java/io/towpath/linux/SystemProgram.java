package io.towpath.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs a program of the system to its end, within a time limit: set-up only. */
final class SystemProgram {
    private static final long TIMEOUT_MS = 20_000;

    private SystemProgram() {}

    private record Result(int exitValue, String output) {}

    /**
     * Returns what the program printed.
     *
     * @param input what it reads
     * @param pack package to install where it is missing
     * @throws LinuxException with its message if it fails
     */
    static String run(List<String> command, String input, String pack) {
        return run(command, input, pack, TIMEOUT_MS);
    }

    /** As the other one; the program is ended if it takes longer than {@code timeoutMs} or the thread is interrupted. */
    static String run(List<String> command, String input, String pack, long timeoutMs) {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new LinuxException("cannot run " + command.getFirst() + ", install " + pack + ": " + e.getMessage());
        }
        String text = String.join(" ", command);
        // Reads and writes of a pipe know neither time-out nor interruption: they are other threads', and end with the
        // program.
        FutureTask<Result> reading = new FutureTask<>(() -> read(process));
        Thread.ofPlatform().daemon().start(() -> write(process, input));
        Thread.ofPlatform().daemon().start(reading);
        try {
            Result result = reading.get(timeoutMs, TimeUnit.MILLISECONDS);
            if (result.exitValue() != 0) {
                throw new LinuxException(text + ": " + result.output());
            }
            return result.output();
        } catch (TimeoutException e) {
            throw new LinuxException(text + ": no end in " + timeoutMs + " ms");
        } catch (ExecutionException e) {
            throw new LinuxException(text + ": " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LinuxException(text + ": interrupted");
        } finally {
            if (process.isAlive()) {
                process.descendants().forEach(ProcessHandle::destroyForcibly); // they may hold the pipe's other end
                process.destroyForcibly();
            }
        }
    }

    private static void write(Process process, String input) {
        try (var stdin = process.outputWriter(StandardCharsets.UTF_8)) {
            stdin.write(input);
        } catch (IOException e) {
            // It ended before it read everything: its own message says why.
        }
    }

    private static Result read(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return new Result(process.waitFor(), output);
    }
}
