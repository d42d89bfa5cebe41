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

/** Rows of {@code --scale} as a table and as JSON. */
record ScaleReport(List<ScaleRow> rows, Machine machine) {
    ScaleReport {
        rows = List.copyOf(rows);
    }

    /** Returns the table's lines and what there is to say of them. */
    List<String> lines() {
        Table table = new Table("path", "mode", ">flows", ">workers", ">ns a packet", ">times one worker");
        for (ScaleRow row : rows) {
            table.row(
                    row.path(),
                    row.mode().label,
                    String.format(Locale.ROOT, "%,d", row.flows()),
                    String.valueOf(row.workers()),
                    CoreReport.cell(row.ns(), "%.1f"),
                    CoreReport.cell(row.ratio(), "%.2f"));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add(
                "ns a packet of one worker while all are at work, and what all do together by what one does, round by round: median"
                        + " (least to largest)");
        lines.add(CoreReport.line(machine));
        return lines;
    }

    /** Returns the medians as one JSON object. */
    String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeArrayFieldStart("rows");
            for (ScaleRow row : rows) {
                json.writeStartObject();
                json.writeStringField("mode", row.mode().label);
                json.writeStringField("path", row.path());
                json.writeNumberField("flows", row.flows());
                json.writeNumberField("workers", row.workers());
                CoreReport.writeMedian(json, "ns", row.ns());
                CoreReport.writeMedian(json, "ratio", row.ratio());
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
