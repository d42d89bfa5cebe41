package io.towpath.bench.core;

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

/** Comparisons as a table and as JSON. */
record CoreReport(List<Comparison> comparisons, Machine machine) {
    /** Of fewer connections what else is resident says more. */
    private static final int RESIDENT_FLOWS = 1_000_000;

    CoreReport {
        comparisons = List.copyOf(comparisons);
    }

    /** Returns the table's lines and what there is to say of them. */
    List<String> lines() {
        List<Contender> contenders = contenders();
        List<String> headings = new ArrayList<>(List.of("path", ">flows"));
        contenders.forEach(contender -> headings.add(">" + contender.label));
        headings.addAll(List.of(">/ eBPF", ">/ C"));
        Table table = new Table(headings.toArray(String[]::new));
        for (Comparison comparison : comparisons) {
            List<String> cells = new ArrayList<>();
            cells.add(comparison.path().label);
            cells.add(String.format(Locale.ROOT, "%,d", comparison.flows()));
            contenders.forEach(contender -> cells.add(cell(comparison.ns(contender), "%.1f")));
            cells.add(cell(comparison.ratio(Contender.EBPF), "%.2f"));
            cells.add(cell(comparison.ratio(comparison.fasterC()), "%.2f"));
            table.row(cells.toArray(String[]::new));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add(
                "nanoseconds a packet: median (least to largest) of the rounds; / eBPF and / C: towpath's by the peer's,"
                        + " round by round, of C the faster form");
        comparisons.stream()
                .filter(comparison -> comparison.flows() >= RESIDENT_FLOWS && comparison.residentBytes() > 0)
                .map(CoreReport::resident)
                .forEach(lines::add);
        lines.add(line(machine));
        return lines;
    }

    private static String resident(Comparison comparison) {
        return String.format(
                Locale.ROOT,
                "%s, %,d flows: %.2f GiB resident, %.0f bytes a connection, all maps and frames included",
                comparison.path().label,
                comparison.flows(),
                comparison.residentBytes() / (double) (1 << 30),
                comparison.residentBytes() / (double) comparison.flows());
    }

    static String line(Machine machine) {
        return "%s, %d cores, kernel %s, JDK %s, load %s, %s"
                .formatted(
                        machine.cpu(),
                        machine.cores(),
                        machine.kernel(),
                        machine.jdk(),
                        machine.load(),
                        machine.date());
    }

    private List<Contender> contenders() {
        List<Contender> all = new ArrayList<>(List.of(Contender.values()));
        if (comparisons.stream().allMatch(comparison -> comparison.ns(Contender.TOWPATH_PINNED) == null)) {
            all.remove(Contender.TOWPATH_PINNED);
        }
        return all;
    }

    static String cell(Spread spread, String format) {
        return spread == null
                ? "-"
                : String.format(
                        Locale.ROOT,
                        format + " (" + format + " to " + format + ")",
                        spread.median(),
                        spread.min(),
                        spread.max());
    }

    /** Returns the medians as one JSON object; what was not measured is null. */
    String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeArrayFieldStart("rows");
            for (Comparison comparison : comparisons) {
                writeRow(json, comparison);
            }
            json.writeEndArray();
            writeMachine(json, machine);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text + "\n";
    }

    private static void writeRow(JsonGenerator json, Comparison comparison) throws IOException {
        json.writeStartObject();
        json.writeStringField("path", comparison.path().label);
        json.writeNumberField("flows", comparison.flows());
        writeMedian(json, "towpath_ns", comparison.ns(Contender.TOWPATH));
        if (comparison.ns(Contender.TOWPATH_PINNED) != null) {
            writeMedian(json, "towpath_pinned_ns", comparison.ns(Contender.TOWPATH_PINNED));
        }
        writeMedian(json, "ebpf_ns", comparison.ns(Contender.EBPF));
        writeMedian(json, "c_ns", comparison.fasterC() == null ? null : comparison.ns(comparison.fasterC()));
        writeMedian(json, "ratio_ebpf", comparison.ratio(Contender.EBPF));
        if (comparison.residentBytes() > 0) {
            json.writeNumberField("towpath_resident_bytes", comparison.residentBytes());
        }
        writeMedian(json, "ratio_c", comparison.ratio(comparison.fasterC()));
        json.writeEndObject();
    }

    static void writeMedian(JsonGenerator json, String name, Spread spread) throws IOException {
        if (spread == null) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, Math.round(spread.median() * 1000) / 1000.0);
        }
    }

    static void writeMachine(JsonGenerator json, Machine machine) throws IOException {
        json.writeObjectFieldStart("machine");
        json.writeStringField("cpu", machine.cpu());
        json.writeNumberField("cores", machine.cores());
        json.writeStringField("kernel", machine.kernel());
        json.writeStringField("jdk", machine.jdk());
        json.writeStringField("load", machine.load());
        json.writeStringField("date", machine.date());
        json.writeEndObject();
    }
}
