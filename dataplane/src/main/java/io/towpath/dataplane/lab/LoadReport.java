package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.Table;
import io.towpath.dataplane.lab.LabLoad.Kind;
import java.io.PrintStream;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What became of a load. */
record LoadReport(Map<Kind, LoadStats> kinds, LoadStats all, long nanoseconds) {

    static LoadReport of(List<Map<Kind, LoadStats>> lanes, long nanoseconds) {
        Map<Kind, LoadStats> kinds = new EnumMap<>(Kind.class);
        LoadStats all = new LoadStats();
        for (Map<Kind, LoadStats> lane : lanes) {
            lane.forEach((kind, stats) -> {
                kinds.computeIfAbsent(kind, _ -> new LoadStats()).add(stats);
                all.add(stats);
            });
        }
        return new LoadReport(kinds, all, nanoseconds);
    }

    /** Returns whether every request was answered, and no new connection led to a backend that was to get none. */
    boolean isGood() {
        return all.failures() == 0 && all.late() == 0 && all.answers() > 0;
    }

    void print(PrintStream out) {
        Table table = new Table(
                "requests",
                ">answered",
                ">failed",
                ">sent again",
                ">sockets",
                ">to who ends",
                ">p50 ms",
                ">p99 ms",
                ">largest ms");
        kinds.forEach((kind, stats) -> row(table, kind.label, stats));
        row(table, "all", all);
        table.lines().forEach(out::println);
        all.examples().forEach(out::println);
        out.printf(
                Locale.ROOT,
                "%d requests in %.1f s, %d failed; %d connections went on while their backend was terminating or gone%n",
                all.answers() + all.failures(),
                nanoseconds / 1e9,
                all.failures(),
                all.drainedConnections());
    }

    private static void row(Table table, String name, LoadStats stats) {
        table.row(
                name,
                String.valueOf(stats.answers()),
                String.valueOf(stats.failures()),
                String.valueOf(stats.repeats()),
                String.valueOf(stats.opened()),
                String.valueOf(stats.late()),
                String.format(Locale.ROOT, "%.2f", stats.latencyMs(0.5)),
                String.format(Locale.ROOT, "%.2f", stats.latencyMs(0.99)),
                String.format(Locale.ROOT, "%.1f", stats.latencyMs(1)));
    }
}
