package io.towpath.bench.net;

import java.util.List;
import java.util.Locale;

/**
 * A chart of lines over a logarithmic axis, as a piece of SVG.
 *
 * @param unit of the values, whose axis begins at 0
 * @param series the lines; points by rising x
 */
record LineChart(String title, String unit, List<Series> series) {
    /** Width and height of a chart with its text, in SVG's units. */
    static final int WIDTH = 360;

    static final int HEIGHT = 300;

    private static final int LEFT = 56;
    private static final int RIGHT = 16;
    private static final int TOP = 40;
    private static final int BOTTOM = 40;
    private static final int STEPS = 4;

    /** One point: x is 1 or more. */
    record Point(double x, double y) {}

    /** One line. */
    record Series(String name, String color, List<Point> points) {}

    /** Returns the chart with its upper left corner at a place. */
    String svg(int x, int y) {
        StringBuilder svg = new StringBuilder();
        svg.append("<g transform=\"translate(%d %d)\">\n".formatted(x, y));
        text(svg, LEFT, TOP - 18, "start", "%s, %s".formatted(title, unit));
        double top = roundedUp(largestY());
        for (int step = 0; step <= STEPS; step++) {
            double value = top * step / STEPS;
            line(svg, LEFT, y(value, top), WIDTH - RIGHT, y(value, top));
            text(svg, LEFT - 6, y(value, top) + 4, "end", number(value));
        }
        for (double tick : ticks()) {
            text(svg, x(tick), HEIGHT - BOTTOM + 18, "middle", number(tick));
        }
        series.forEach(line -> series(svg, line, top));
        return svg.append("</g>\n").toString();
    }

    private void series(StringBuilder svg, Series line, double top) {
        StringBuilder points = new StringBuilder();
        for (Point point : line.points) {
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(point.x), y(point.y, top)));
        }
        svg.append("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"%s\"/>\n"
                .formatted(line.color, points.toString().strip()));
        for (Point point : line.points) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<circle r=\"3\" fill=\"%s\" cx=\"%.1f\" cy=\"%.1f\"><title>%s, %s: %s</title></circle>%n",
                    line.color,
                    x(point.x),
                    y(point.y, top),
                    line.name,
                    number(point.x),
                    number(point.y)));
        }
    }

    private List<Double> ticks() {
        return series.stream()
                .flatMap(line -> line.points.stream())
                .map(Point::x)
                .distinct()
                .sorted()
                .toList();
    }

    private double largestY() {
        return series.stream()
                .flatMap(line -> line.points.stream())
                .mapToDouble(Point::y)
                .max()
                .orElse(0);
    }

    private double x(double value) {
        List<Double> ticks = ticks();
        double first = Math.log10(ticks.getFirst());
        double span = Math.log10(ticks.getLast()) - first;
        double part = span == 0 ? 0.5 : (Math.log10(value) - first) / span;
        return LEFT + part * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double top) {
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    }

    /** Returns the least of 1, 2, 4, 6, 8 and 10 times a power of ten that a value is not above. */
    static double roundedUp(double value) {
        if (value <= 0) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double factor : new double[] {1, 2, 4, 6, 8}) {
            if (value <= factor * power) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%,.1f", value);
    }

    private static void line(StringBuilder svg, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT,
                "<line stroke=\"#888\" stroke-opacity=\"0.4\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, text));
    }
}
