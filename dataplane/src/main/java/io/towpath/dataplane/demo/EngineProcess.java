package io.towpath.dataplane.demo;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** An engine ({@code towpath run}) as a child process. */
public final class EngineProcess implements AutoCloseable {
    /** The line on which the engine says that it forwards begins so. */
    private static final String READY = "ready";

    private static final Duration STOP_LIMIT = Duration.ofSeconds(5);
    /** How much of the engine's log goes into a message. */
    private static final int LOG_LINES = 20;

    private final Process process;
    private final Path log;
    private final CompletableFuture<Long> readyAtNs = new CompletableFuture<>();
    private final long startedAtNs;

    private EngineProcess(Process process, Path log, long startedAtNs) {
        this.process = process;
        this.log = log;
        this.startedAtNs = startedAtNs;
    }

    /** Starts an engine with a file of configuration and a folder of manifests; its stderr goes to {@code log}. */
    public static EngineProcess start(Path config, Path manifests, Path log) throws IOException {
        return start(command("run", "--config", config.toString(), "--manifests", manifests.toString()), log);
    }

    /** Starts an engine with any command line. */
    public static EngineProcess start(List<String> command, Path log) throws IOException {
        ProcessBuilder builder = processBuilder(command)
                .redirectError(ProcessBuilder.Redirect.to(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        long startedAtNs = System.nanoTime();
        EngineProcess engine = new EngineProcess(builder.start(), log, startedAtNs);
        Thread.ofVirtual().name("engine-output").start(engine::readOutput);

        return engine;
    }

    /**
     * The command line of a towpath command: through the launcher that started this process or, where this program was
     * started by hand, with the same Java and class path.
     */
    public static List<String> command(String... arguments) {
        List<String> line = new ArrayList<>();
        String launcher = System.getProperty("towpath.launcher");
        if (launcher != null) {
            line.add(launcher);
        } else {
            line.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-Dio.netty.noUnsafe=true",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "io.towpath.dataplane.cli.Main"));
        }
        line.addAll(List.of(arguments));

        return line;
    }

    /** Prepares a towpath command: with this process's Java, and without a build in between. */
    public static ProcessBuilder processBuilder(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TOWPATH_NO_BUILD", "1");

        return builder;
    }

    /** Waits until the engine forwards; returns the time from its start until then, in ns. */
    public long awaitReady(Duration limit) throws InterruptedException {
        try {
            return readyAtNs.get(limit.toMillis(), TimeUnit.MILLISECONDS) - startedAtNs;
        } catch (TimeoutException | ExecutionException e) {
            boolean isAlive = process.isAlive();
            throw new DemoException(
                    "the engine %s; it said:%n%s"
                            .formatted(
                                    isAlive
                                            ? "was not ready after " + limit.toSeconds() + " s"
                                            : "ended with exit code " + process.exitValue() + " before it was ready",
                                    logTail()),
                    e);
        }
    }

    public Process process() {
        return process;
    }

    /** When the process was started, on the clock of {@link System#nanoTime}. */
    public long startedAtNs() {
        return startedAtNs;
    }

    /** Sends SIGTERM and waits; returns the exit code, or -1 where the engine had to be killed. */
    public int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();

            return -1;
        }

        return process.exitValue();
    }

    /** The last lines of the engine's stderr. */
    public String logTail() {
        try {
            List<String> lines = Files.readAllLines(log);

            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void readOutput() {
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(READY)) {
                    readyAtNs.complete(System.nanoTime());
                }
            }
        } catch (IOException e) {
            readyAtNs.completeExceptionally(new UncheckedIOException(e));
        }
        var _ = process.onExit().thenRun(() -> readyAtNs.completeExceptionally(new IOException("the engine ended")));
    }
}
