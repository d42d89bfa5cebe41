package io.towpath.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The figures of JMH as tables, ready for {@code bench/README.md}: those of benchmarks with flows by their number, then the others.
 *
 * @param machine where they were taken
 */
record MicroReport(List<MicroFigure> figures, Machine machine) {
    MicroReport {
        figures = List.copyOf(figures);
    }

    /** Returns the tables' lines, and how to read them. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.addAll(
                table(figures.stream().filter(figure -> figure.flows() != null).toList()));
        lines.addAll(
                table(figures.stream().filter(figure -> figure.flows() == null).toList()));
        lines.add("nanoseconds an operation: median (least to largest) of the iterations of all forks;"
                + " B: bytes an operation that its thread allocates, least");
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

    /** Returns a table, and an empty line after it; nothing where there are no figures. */
    private static List<String> table(List<MicroFigure> some) {
        if (some.isEmpty()) {
            return List.of();
        }
        TreeSet<Integer> columns = new TreeSet<>();
        some.stream().map(MicroFigure::flows).filter(Objects::nonNull).forEach(columns::add);
        Map<String, List<MicroFigure>> byRow = new LinkedHashMap<>();
        some.forEach(figure ->
                byRow.computeIfAbsent(figure.row(), row -> new ArrayList<>()).add(figure));
        List<List<String>> rows = new ArrayList<>();
        rows.add(headings(columns));
        byRow.forEach((row, ofRow) -> rows.add(cells(row, ofRow, columns)));
        return markdown(rows);
    }

    private static List<String> headings(TreeSet<Integer> columns) {
        List<String> headings = new ArrayList<>();
        headings.add(columns.isEmpty() ? "" : "flows");
        columns.forEach(flows -> headings.add(String.format(Locale.ROOT, "%,d", flows)));
        if (columns.isEmpty()) {
            headings.add("ns");
        }
        headings.add("B");
        return headings;
    }

    private static List<String> cells(String row, List<MicroFigure> figures, TreeSet<Integer> columns) {
        List<String> cells = new ArrayList<>();
        cells.add(row);
        if (columns.isEmpty()) {
            cells.add(nanoseconds(figures.getFirst().ns()));
        }
        Map<Integer, MicroFigure> byFlows = new TreeMap<>();
        figures.stream()
                .filter(figure -> figure.flows() != null)
                .forEach(figure -> byFlows.put(figure.flows(), figure));
        for (int flows : columns) {
            cells.add(
                    byFlows.containsKey(flows) ? nanoseconds(byFlows.get(flows).ns()) : "");
        }
        double least = figures.stream().mapToDouble(MicroFigure::bytes).min().orElseThrow();
        double largest = figures.stream().mapToDouble(MicroFigure::bytes).max().orElseThrow();
        cells.add(bytes(least).equals(bytes(largest)) ? bytes(least) : bytes(least) + " to " + bytes(largest));
        return cells;
    }

    private static String nanoseconds(Spread ns) {
        String format = ns.median() < 100 ? "%.1f (%.1f to %.1f)" : "%,.0f (%,.0f to %,.0f)";
        return String.format(Locale.ROOT, format, ns.median(), ns.min(), ns.max());
    }

    /** Returns a number of bytes; 0 is none at all. */
    private static String bytes(double bytes) {
        return bytes == 0 ? "0" : String.format(Locale.ROOT, bytes < 1 ? "%.1g" : "%.0f", bytes);
    }

    private static List<String> markdown(List<List<String>> rows) {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("|");
            for (int column = 0; column < widths.length; column++) {
                String cell = row.get(column);
                line.append(' ')
                        .append(cell)
                        .repeat(" ", widths[column] - cell.length())
                        .append(" |");
            }
            lines.add(line.toString());
        }
        lines.add(1, "|" + "---|".repeat(widths.length));
        lines.add("");
        return lines;
    }
}
