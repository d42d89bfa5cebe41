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

/** Rows of {@code --warm-up} as tables and as JSON. */
record WarmUpReport(List<WarmUpRow> rows, Machine machine) {
    /** Milliseconds of the timeline. */
    private static final List<Integer> TIMELINE_MS = List.of(250, 500, 750, 1000, 1500, 2000, 3000, 5000, 8000);

    WarmUpReport {
        rows = List.copyOf(rows);
    }

    /** Returns the lines of the tables and what there is to say of them. */
    List<String> lines() {
        Table table = new Table(
                "ms since the start",
                ">main",
                ">first packets",
                ">of all cores",
                ">steady",
                ">steady, ns a packet",
                ">replay, to its end");
        for (WarmUpRow row : rows) {
            table.row(
                    row.start(),
                    CoreReport.cell(row.of(WarmUpRun::mainMs), "%.0f"),
                    CoreReport.cell(row.of(WarmUpRun::openMs), "%.0f"),
                    CoreReport.cell(row.of(WarmUpRun::openCpuMs), "%.0f"),
                    CoreReport.cell(row.of(WarmUpRun::steadyMs), "%.0f"),
                    CoreReport.cell(row.of(WarmUpRun::finalNs), "%.1f"),
                    CoreReport.cell(row.replayMs(), "%.0f"));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.addAll(timeline().lines());
        lines.add("");
        lines.add(
                "medians (least to largest) of the starts; of all cores: what the process took until its first packets;"
                        + " steady: a packet takes at most a tenth longer than in the end");
        lines.add(CoreReport.line(machine));
        return lines;
    }

    private Table timeline() {
        List<String> headings = new ArrayList<>(List.of("ns a packet, ms since the start"));
        rows.forEach(row -> headings.add(">" + row.start()));
        Table table = new Table(headings.toArray(String[]::new));
        for (int ms : TIMELINE_MS) {
            List<String> cells = new ArrayList<>(List.of(String.valueOf(ms)));
            rows.forEach(row -> cells.add(CoreReport.cell(row.of(run -> run.nsAt(ms)), "%.0f")));
            table.row(cells.toArray(String[]::new));
        }
        return table;
    }

    /** Returns the medians as one JSON object; what no start had is null. */
    String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeArrayFieldStart("rows");
            for (WarmUpRow row : rows) {
                writeRow(json, row);
            }
            json.writeEndArray();
            CoreReport.writeMachine(json, machine);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text + "\n";
    }

    private static void writeRow(JsonGenerator json, WarmUpRow row) throws IOException {
        json.writeStartObject();
        json.writeStringField("start", row.start());
        CoreReport.writeMedian(json, "main_ms", row.of(WarmUpRun::mainMs));
        CoreReport.writeMedian(json, "first_packets_ms", row.of(WarmUpRun::openMs));
        CoreReport.writeMedian(json, "first_packets_cpu_ms", row.of(WarmUpRun::openCpuMs));
        CoreReport.writeMedian(json, "steady_ms", row.of(WarmUpRun::steadyMs));
        CoreReport.writeMedian(json, "steady_ns_per_packet", row.of(WarmUpRun::finalNs));
        CoreReport.writeMedian(json, "replay_ms", row.replayMs());
        json.writeObjectFieldStart("ns_per_packet_at_ms");
        for (int ms : TIMELINE_MS) {
            CoreReport.writeMedian(json, String.valueOf(ms), row.of(run -> run.nsAt(ms)));
        }
        json.writeEndObject();
        json.writeEndObject();
    }
}
