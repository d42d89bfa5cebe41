package io.towpath.dataplane.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Rows of named columns, printed as an aligned table or as JSON. */
final class Listing {
    private final String name;
    private final List<String> columns;
    private final List<Object[]> rows = new ArrayList<>();

    Listing(String name, String... columns) {
        this.name = name;
        this.columns = List.of(columns);
    }

    /** Adds a row; numbers are aligned to the right. */
    void add(Object... values) {
        rows.add(values);
    }

    void print(OutputFormat format) {
        System.out.print(format == OutputFormat.JSON ? json() : text());
        System.out.flush();
    }

    private String text() {
        int[] widths = columns.stream().mapToInt(String::length).toArray();
        for (Object[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], String.valueOf(row[i]).length());
            }
        }
        StringBuilder text = new StringBuilder();
        Object[] kinds = rows.isEmpty() ? new Object[columns.size()] : rows.getFirst();
        line(text, columns.stream().map(String::toUpperCase).toArray(), widths, kinds);
        rows.forEach(row -> line(text, row, widths, kinds));
        return text.toString();
    }

    private static void line(StringBuilder text, Object[] values, int[] widths, Object[] kinds) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < values.length; i++) {
            String format = kinds[i] instanceof Number ? "%" + widths[i] + "s" : "%-" + widths[i] + "s";
            line.append(i == 0 ? "" : "  ").append(String.format(format, values[i]));
        }
        text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }

    private String json() {
        java.io.StringWriter text = new java.io.StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeArrayFieldStart(name);
            for (Object[] row : rows) {
                json.writeStartObject();
                for (int i = 0; i < row.length; i++) {
                    json.writeFieldName(columns.get(i));
                    switch (row[i]) {
                        case Long number -> json.writeNumber(number);
                        case Integer number -> json.writeNumber(number);
                        default -> json.writeString(row[i].toString());
                    }
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text + System.lineSeparator();
    }
}
