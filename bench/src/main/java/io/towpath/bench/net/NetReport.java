package io.towpath.bench.net;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.towpath.bench.Machine;
import io.towpath.bench.Spread;
import io.towpath.dataplane.demo.Table;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Results as a table and as JSON.
 *
 * @param absent ways that could not be measured, and why
 */
record NetReport(NetResults results, Map<Way, String> absent, Machine machine) {
    /** Returns the table's lines and what there is to say of them. */
    List<String> lines() {
        List<Way> ways = results.ways();
        List<String> headings = new ArrayList<>(List.of("case", ">services", "unit"));
        for (Way way : ways) {
            headings.add(">" + way.label);
            if (way.isTowpath()) {
                headings.add(">/ nftables");
            }
        }
        Table table = new Table(headings.toArray(String[]::new));
        results.rows().forEach(row -> table.row(cells(row, ways)));
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add("medians of the rounds; / nftables: by the median of nftables (least to largest ratio of a round)");
        absent.forEach((way, why) -> lines.add(way.label + " is not available: " + why));
        lines.add("%s, %d cores, kernel %s, JDK %s, load %s, %s"
                .formatted(
                        machine.cpu(),
                        machine.cores(),
                        machine.kernel(),
                        machine.jdk(),
                        machine.load(),
                        machine.date()));
        return lines;
    }

    private String[] cells(NetResults.Row row, List<Way> ways) {
        List<String> cells = new ArrayList<>(
                List.of(row.what().label, String.format(Locale.ROOT, "%,d", row.services()), row.what().unit));
        for (Way way : ways) {
            OptionalDouble median = results.median(row.what(), row.services(), way);
            cells.add(median.isPresent() ? row.what().text(median.getAsDouble()) : "-");
            if (way.isTowpath()) {
                cells.add(ratio(row, way));
            }
        }
        return cells.toArray(String[]::new);
    }

    private String ratio(NetResults.Row row, Way way) {
        OptionalDouble ratio = results.ratio(row.what(), row.services(), way);
        Spread rounds = results.ratios(row.what(), row.services(), way);
        return ratio.isEmpty() || rounds == null
                ? "-"
                : String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", ratio.getAsDouble(), rounds.min(), rounds.max());
    }

    /** Returns the medians as one JSON object; what was not measured is null, or not there where a whole way was not. */
    String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            writeRows(json);
            writePeers(json);
            json.writeObjectFieldStart("absent");
            for (Map.Entry<Way, String> entry : absent.entrySet()) {
                json.writeStringField(entry.getKey().label, entry.getValue());
            }
            json.writeEndObject();
            json.writeObjectFieldStart("machine");
            json.writeStringField("cpu", machine.cpu());
            json.writeNumberField("cores", machine.cores());
            json.writeStringField("kernel", machine.kernel());
            json.writeStringField("jdk", machine.jdk());
            json.writeStringField("load", machine.load());
            json.writeStringField("date", machine.date());
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text + "\n";
    }

    private void writeRows(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("rows");
        for (NetResults.Row row : results.rows()) {
            for (Way way : Way.engines()) {
                OptionalDouble median = results.median(row.what(), row.services(), way);
                if (median.isPresent()) {
                    writeCase(json, row);
                    json.writeStringField("engine", way.label);
                    writeNumber(json, "towpath", median);
                    writeNumber(json, "nftables", results.median(row.what(), row.services(), Way.NFTABLES));
                    writeNumber(json, "ratio", results.ratio(row.what(), row.services(), way));
                    json.writeStringField("unit", row.what().unit);
                    json.writeEndObject();
                }
            }
        }
        json.writeEndArray();
    }

    private void writePeers(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("peers");
        for (NetResults.Row row : results.rows()) {
            for (Way way : Way.values()) {
                OptionalDouble median = results.median(row.what(), row.services(), way);
                if (!way.isTowpath() && median.isPresent()) {
                    writeCase(json, row);
                    json.writeStringField("peer", way.label);
                    writeNumber(json, "value", median);
                    json.writeStringField("unit", row.what().unit);
                    json.writeEndObject();
                }
            }
        }
        json.writeEndArray();
    }

    private static void writeCase(JsonGenerator json, NetResults.Row row) throws IOException {
        json.writeStartObject();
        json.writeStringField("case", row.what().label);
        json.writeNumberField("services", row.services());
    }

    private static void writeNumber(JsonGenerator json, String name, OptionalDouble value) throws IOException {
        if (value.isEmpty()) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, Math.round(value.getAsDouble() * 1000) / 1000.0);
        }
    }
}
