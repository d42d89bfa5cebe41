package io.towpath.dataplane.demo;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs programs of the system to their end. */
public final class Programs {
    private static final String SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /**
     * What a program left.
     *
     * @param exitCode its exit status; -1 where it was killed at the time limit
     */
    public record Result(int exitCode, String output, String errors) {
        public boolean isOk() {
            return exitCode == 0;
        }
    }

    private Programs() {}

    /** Whether a program of that name can be started. */
    public static boolean isPresent(String program) {
        String path = System.getenv().getOrDefault("PATH", "") + ":" + SYSTEM_FOLDERS;
        for (String folder : path.split(":")) {
            if (new File(folder, program).canExecute()) {
                return true;
            }
        }

        return false;
    }

    /** Runs a program with nothing on its standard input; kills it at the time limit. */
    public static Result run(Duration limit, List<String> command) throws IOException, InterruptedException {
        return run(limit, new ProcessBuilder(command));
    }

    /** Runs a towpath command in a process of its own. */
    public static Result towpath(Duration limit, String... arguments) throws IOException, InterruptedException {
        return run(limit, EngineProcess.processBuilder(EngineProcess.command(arguments)));
    }

    private static Result run(Duration limit, ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        try {
            CompletableFuture<String> output = readAll(process.getInputStream());
            CompletableFuture<String> errors = readAll(process.getErrorStream());
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                process.destroyForcibly().waitFor();
            }

            return new Result(ended ? process.exitValue() : -1, output.join(), errors.join());
        } finally {
            process.destroyForcibly();
        }
    }

    /** Runs a program that must succeed. */
    public static String require(String... command) throws IOException, InterruptedException {
        Result result = run(Duration.ofSeconds(10), List.of(command));
        if (!result.isOk()) {
            throw new IOException("'%s' failed: %s".formatted(String.join(" ", command), result.errors.strip()));
        }

        return result.output;
    }

    private static CompletableFuture<String> readAll(InputStream stream) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (stream) {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                text.complete("");
            }
        });

        return text;
    }
}
