package io.towpath.bench;

import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.util.Statistics;

/** {@code towpath bench micro}: JMH with its own options, then {@link MicroReport}. A benchmark that fails ends the run with exit status 1. */
public final class Micro {
    private static final String NANOSECONDS = "ns/op";

    private Micro() {}

    /** @param arguments of JMH */
    public static void main(String[] arguments) throws IOException {
        try {
            CommandLineOptions options = new CommandLineOptions(arguments);
            if (asksOnly(options)) {
                org.openjdk.jmh.Main.main(arguments);
            } else {
                run(options);
            }
        } catch (CommandLineOptionException | RunnerException e) {
            System.err.println("towpath bench micro: " + e.getMessage());
            System.exit(1);
        }
    }

    private static boolean asksOnly(CommandLineOptions options) {
        return options.shouldHelp()
                || options.shouldList()
                || options.shouldListWithParams()
                || options.shouldListProfilers()
                || options.shouldListResultFormats();
    }

    private static void run(CommandLineOptions given) throws IOException, RunnerException {
        Options options = new OptionsBuilder()
                .parent(given)
                .addProfiler(OwnBytes.class)
                .shouldFailOnError(given.shouldFailOnError().orElse(true))
                .build();
        Machine before = Machine.now();
        Collection<RunResult> results = new Runner(options).run();
        List<MicroFigure> figures = results.stream()
                .filter(result -> result.getPrimaryResult().getScoreUnit().equals(NANOSECONDS))
                .map(Micro::figure)
                .toList();
        new MicroReport(figures, before.withLoadAfter()).lines().forEach(System.out::println);
    }

    private static MicroFigure figure(RunResult result) {
        BenchmarkParams params = result.getParams();
        Map<String, String> values = new LinkedHashMap<>();
        params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
        Statistics ns = result.getPrimaryResult().getStatistics();
        Statistics bytes = result.getSecondaryResults().get(OwnBytes.LABEL).getStatistics();
        return new MicroFigure(
                params.getBenchmark(),
                values,
                new Spread(ns.getPercentile(50), ns.getMin(), ns.getMax()),
                bytes.getMin());
    }
}
