package io.towpath.dataplane.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;

/** Runs real programs with a time limit. */
final class Commands {
    /** The launcher: tests run in the module's folder. */
    static final String TOWPATH =
            Path.of("..", "towpath").toAbsolutePath().normalize().toString();

    private Commands() {}

    record Result(int exitCode, String output, long pid) {}

    static void assumeRoot() {
        Assumptions.assumeTrue(
                "root".equals(System.getProperty("user.name")),
                "SKIPPED: namespaces and TAP devices need root: run sudo ./towpath test");
    }

    static Result towpath(int timeoutS, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(TOWPATH));
        command.addAll(List.of(arguments));
        return run(timeoutS, command.toArray(String[]::new));
    }

    static Result run(int timeoutS, String... command) throws Exception {
        Path log = Files.createTempFile("towpath-e2e", ".log");
        try {
            Process process = launch(log, command);
            if (!process.waitFor(timeoutS, TimeUnit.SECONDS)) {
                process.destroy();
                process.waitFor(20, TimeUnit.SECONDS);
                throw new AssertionError(
                        String.join(" ", command) + ": no end in " + timeoutS + " s: " + Files.readString(log));
            }
            return new Result(process.exitValue(), Files.readString(log), process.pid());
        } finally {
            Files.deleteIfExists(log);
        }
    }

    /** Starts {@code towpath} in the background. */
    static Process start(Path log, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(TOWPATH));
        command.addAll(List.of(arguments));
        return launch(log, command.toArray(String[]::new));
    }

    private static Process launch(Path log, String... command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("TOWPATH_NO_BUILD", "1");
        return builder.start();
    }

    static void signal(Process process, String name) throws Exception {
        run(10, "kill", "-" + name, Long.toString(process.pid()));
    }

    /** Waits until a condition holds. */
    static void await(Callable<Boolean> condition, int timeoutS) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutS);
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + timeoutS + " s");
            }
            LockSupport.parkNanos(20_000_000);
        }
    }
}
