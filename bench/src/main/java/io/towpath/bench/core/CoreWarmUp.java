package io.towpath.bench.core;

import io.towpath.bench.Spread;
import io.towpath.dataplane.cli.Main;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** How long a new process takes to forward its first packets, and to be as fast as it gets: with the AOT cache and without, in turn. */
final class CoreWarmUp {
    private final Path target;
    private final int core;
    private final Path output;

    /** Starts of one kind, so far. */
    private record Kind(String name, Jvm jvm, List<WarmUpRun> runs, List<Double> replayMs) {
        Kind(String name, Jvm jvm) {
            this(name, jvm, new ArrayList<>(), new ArrayList<>());
        }

        WarmUpRow row() {
            return new WarmUpRow(
                    name,
                    runs,
                    Spread.of(replayMs.stream().mapToDouble(Double::doubleValue).toArray()));
        }
    }

    private CoreWarmUp(Path target, int core, Path output) {
        this.target = target;
        this.core = core;
        this.output = output;
    }

    /** @param target folder of the engine as it is built, with its cache */
    static List<WarmUpRow> run(Path target, int core, int rounds, Consumer<String> log) throws IOException {
        Path output = Files.createTempFile("towpath-bench-", ".txt");
        try {
            return new CoreWarmUp(target, core, output).run(rounds, log);
        } finally {
            Files.delete(output);
        }
    }

    private List<WarmUpRow> run(int rounds, Consumer<String> log) throws IOException {
        Path jar = target.resolve("towpath.jar");
        Path cache = target.resolve("towpath-" + System.getProperty("java.version") + ".aot");
        if (!Files.exists(cache)) {
            throw new IOException(cache + " is missing: run ./towpath build");
        }
        // A cache is for a class path that begins with the one it was made with.
        Jvm without = new Jvm(
                Jvm.likeThis().options(),
                jar + File.pathSeparator + Jvm.likeThis().classPath());
        Jvm with = without.with(List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=on")); // on: no start without it
        List<Kind> kinds = List.of(new Kind("without the cache", without), new Kind("with the cache", with));
        for (int round = 1; round <= rounds; round++) {
            for (Kind kind : kinds) {
                kind.runs.add(WarmUpRun.of(engine(kind.jvm)));
                kind.replayMs.add(replay(kind.jvm) / 1e6);
            }
            log.accept("start " + round + " of " + rounds);
        }
        return kinds.stream().map(Kind::row).toList();
    }

    private String engine(Jvm jvm) throws IOException {
        start(jvm.command(WarmUpPeer.class.getName(), String.valueOf(core), String.valueOf(System.nanoTime())));
        return Files.readString(output, StandardCharsets.US_ASCII).strip();
    }

    /** The run that the cache was made in, as the launcher has it. Returns nanoseconds. */
    private long replay(Jvm jvm) throws IOException {
        Path root = target.resolve("../..").normalize();
        return start(jvm.command(
                Main.class.getName(),
                "replay",
                "--step",
                root.resolve("examples/web.yaml") + ":" + root.resolve("dataplane/src/aot/training.pcap"),
                "--out",
                "/dev/null",
                "--verdicts",
                "/dev/null"));
    }

    /** Returns nanoseconds from here to the end of the process. */
    private long start(List<String> command) throws IOException {
        long startNs = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            if (!process.waitFor(1, TimeUnit.MINUTES)) {
                throw new IOException("a start took longer than a minute");
            }
            if (process.exitValue() != 0) {
                throw new IOException("a start ended with exit status " + process.exitValue()
                        + "; if the AOT cache does not fit what is built, make both anew: ./towpath build");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
        return System.nanoTime() - startNs;
    }
}
