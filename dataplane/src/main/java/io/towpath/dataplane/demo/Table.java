package io.towpath.dataplane.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Text in aligned columns: under a heading that begins with '&gt;' cells stand to the right. */
public final class Table {
    private static final String INDENT = "  ";
    private static final String GAP = "  ";

    private final List<String[]> rows = new ArrayList<>();
    private final boolean[] isRight;

    public Table(String... headings) {
        isRight = new boolean[headings.length];
        String[] first = headings.clone();
        for (int column = 0; column < headings.length; column++) {
            if (headings[column].startsWith(">")) {
                isRight[column] = true;
                first[column] = headings[column].substring(1);
            }
        }
        rows.add(first);
    }

    /** Adds a row. */
    public Table row(String... cells) {
        if (cells.length != isRight.length) {
            throw new IllegalArgumentException("a row needs " + isRight.length + " cells: " + Arrays.toString(cells));
        }
        rows.add(cells);

        return this;
    }

    /** The lines, the headings first, without spaces at their ends. */
    public List<String> lines() {
        int[] widths = new int[isRight.length];
        for (String[] row : rows) {
            for (int column = 0; column < row.length; column++) {
                widths[column] = Math.max(widths[column], row[column].length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder(INDENT);
            for (int column = 0; column < row.length; column++) {
                String padding = " ".repeat(widths[column] - row[column].length());
                line.append(column == 0 ? "" : GAP)
                        .append(isRight[column] ? padding + row[column] : row[column] + padding);
            }
            lines.add(line.toString().stripTrailing());
        }

        return lines;
    }
}
