package io.towpath.dataplane.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** Prints a {@link DemoResult} as tables. */
final class TextReport {
    private static final String BOLD = "\u001b[1m";
    private static final String DIM = "\u001b[2m";
    private static final String RED = "\u001b[31m";
    private static final String GREEN = "\u001b[32m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintStream out;
    private final boolean hasColours;

    TextReport(PrintStream out, boolean hasColours) {
        this.out = out;
        this.hasColours = hasColours;
    }

    /** Whether a person reads our output on a terminal. */
    @SuppressWarnings("SystemConsoleNull") // null again since JDK 25 where there is no terminal
    static boolean isOnTerminal() {
        return System.console() != null && System.console().isTerminal() && System.getenv("NO_COLOR") == null;
    }

    void print(DemoResult result) {
        title("Towpath carried this between a client and 3 backends, each on its own TAP device");
        out.printf(
                Locale.ROOT,
                "  engine ready %s after its start (JVM included); HTTP servers and clients on %s%n",
                milliseconds(result.readyAfterNs()),
                result.transport());
        printHttp(result);
        printBackends(result.http());
        printChecks(result);
        printCounters(result.counters());
        out.println();
        out.println(colour(result.isPassed() ? GREEN : RED, result.verdict()));
    }

    private void printHttp(DemoResult result) {
        HttpReport http = result.http();
        title(
                "HTTP through the Service 'web': kept-alive and one-request connections, %d at a time, %d addresses a family"
                        .formatted(result.lanes(), Plan.CLIENT_ADDRESSES));
        Table table = new Table("sent to", ">requests", ">connections", ">failed", ">requests/s", ">p50", ">p99");
        http.targets().forEach(line -> table.row(httpRow(http, line)));
        table.row(httpRow(http, http.all()));
        print(table);
        http.causes().forEach((cause, count) -> out.println(colour(RED, "  %,d x %s".formatted(count, cause))));
    }

    private static String[] httpRow(HttpReport http, HttpReport.Line line) {
        return new String[] {
            line.label(),
            count(line.requests()),
            count(line.connections()),
            count(line.failures()),
            count(Math.round(http.rate(line))),
            percentile(line.latencyNs(), 50),
            percentile(line.latencyNs(), 99)
        };
    }

    private void printBackends(HttpReport http) {
        title("Who answered");
        Table table = new Table("backend", ">requests", ">connections", ">share of connections");
        for (HttpReport.Line line : http.backends().values()) {
            table.row(
                    line.label(),
                    count(line.requests()),
                    count(line.connections()),
                    String.format(
                            Locale.ROOT,
                            "%.1f %%",
                            100.0 * line.connections() / http.all().connections()));
        }
        print(table);
    }

    private void printChecks(DemoResult result) {
        title("Streams and datagrams");
        Table table = new Table("what", "sent to", "", "result", "answered by");
        for (DemoResult.Check check : result.checks()) {
            table.row(check.what(), check.to(), check.isOk() ? "ok" : "FAILED", check.result(), check.by());
        }
        print(table);
    }

    private void printCounters(Counters counters) {
        title("What the engine did with the packets");
        Table table = new Table("verdict", "reason", ">packets", ">bytes");
        for (Counters.Line line : counters.lines()) {
            table.row(line.verdict(), line.reason(), count(line.packets()), count(line.bytes()));
        }
        print(table);
        out.printf(Locale.ROOT, "  dropped: %,d%n", counters.packets("drop"));
    }

    private void title(String text) {
        out.println();
        out.println(colour(BOLD, text));
    }

    private void print(Table table) {
        List<String> lines = table.lines();
        out.println(colour(DIM, lines.getFirst()));
        lines.stream().skip(1).forEach(out::println);
    }

    private String colour(String code, String text) {
        return hasColours ? code + text + PLAIN : text;
    }

    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    static String percentile(Histogram ns, double percentile) {
        return ns.getTotalCount() == 0 ? "-" : milliseconds(ns.getValueAtPercentile(percentile));
    }

    static String milliseconds(long ns) {
        return String.format(Locale.ROOT, ns < 100_000_000 ? "%.2f ms" : "%.0f ms", ns / 1e6);
    }
}
