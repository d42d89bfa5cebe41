package io.towpath.bench.core;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.towpath.bench.Machine;
import io.towpath.dataplane.demo.Table;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows of {@code --pauses} as tables and as JSON. */
record PauseReport(List<PauseRow> rows, Machine machine) {
    private static final double[] PERCENTILES = {50, 99, 99.9, 99.99, 100};
    /** Their names in JSON. */
    private static final List<String> NAMES = List.of("p50_ns", "p99_ns", "p99_9_ns", "p99_99_ns", "longest_ns");

    private static final long SHORT_NS = 100_000;
    private static final long LONG_NS = 1_000_000;

    PauseReport {
        rows = List.copyOf(rows);
    }

    /** Returns the lines of the tables and what there is to say of them. */
    List<String> lines() {
        List<String> lines = new ArrayList<>(times().lines());
        lines.add("");
        lines.addAll(costs().lines());
        lines.add("");
        lines.add(
                "us from one reading of the clock to the next, a burst of 64 or as much work of the C loop between them;"
                        + " pauses: longer than the median by so much");
        lines.add(CoreReport.line(machine));
        return lines;
    }

    private Table times() {
        Table table = new Table(
                "cycle, us", ">p50", ">p99", ">p99.9", ">p99.99", ">longest", ">over 100 us, a second", ">over 1 ms");
        for (PauseRow row : rows) {
            List<String> cells = new ArrayList<>(List.of(row.who));
            for (double percentile : PERCENTILES) {
                cells.add(String.format(Locale.ROOT, "%.1f", row.gaps.atPercentile(percentile) / 1000.0));
            }
            cells.add(String.format(Locale.ROOT, "%.2f", row.gaps.pausesPerSecond(SHORT_NS)));
            cells.add(String.format(Locale.ROOT, "%.2f", row.gaps.pausesPerSecond(LONG_NS)));
            table.row(cells.toArray(String[]::new));
        }
        return table;
    }

    private Table costs() {
        Table table = new Table("", ">ns a packet", ">resident, MiB", ">collections", ">stopped, ms each");
        rows.stream()
                .filter(row -> row.nsPerPacket() != null)
                .forEach(row -> table.row(
                        row.who,
                        CoreReport.cell(row.nsPerPacket(), "%.1f"),
                        String.valueOf(row.residentBytes() >> 20),
                        String.valueOf(row.collections()),
                        row.collections() == 0
                                ? "-"
                                : String.format(Locale.ROOT, "%.1f", (double) row.stoppedMs() / row.collections())));
        return table;
    }

    /** Returns the rows as one JSON object; what the C loop does not have is null. */
    String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeArrayFieldStart("rows");
            for (PauseRow row : rows) {
                json.writeStartObject();
                json.writeStringField("who", row.who);
                for (int i = 0; i < PERCENTILES.length; i++) {
                    json.writeNumberField(NAMES.get(i), row.gaps.atPercentile(PERCENTILES[i]));
                }
                json.writeNumberField("over_100us_per_second", row.gaps.pausesPerSecond(SHORT_NS));
                json.writeNumberField("over_1ms_per_second", row.gaps.pausesPerSecond(LONG_NS));
                CoreReport.writeMedian(json, "ns_per_packet", row.nsPerPacket());
                json.writeNumberField("resident_bytes", row.residentBytes());
                json.writeNumberField("collections", row.collections());
                json.writeNumberField("stopped_ms", row.stoppedMs());
                json.writeEndObject();
            }
            json.writeEndArray();
            CoreReport.writeMachine(json, machine);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text + "\n";
    }
}
