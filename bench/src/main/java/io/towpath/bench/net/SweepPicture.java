package io.towpath.bench.net;

import io.towpath.bench.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Throughput and latency over the number of Services, as an SVG file. */
record SweepPicture(NetResults results, Machine machine) {
    private static final int CAPTION = 56;
    /** The last label of the last chart is wider than the chart. */
    private static final int RIGHT_MARGIN = 16;

    /** Seen as well on white as on black, and told apart by who does not see red and green. */
    private static final Map<Way, String> COLORS = Map.of(
            Way.URING, "#0072b2",
            Way.NETTY, "#56b4e9",
            Way.RW, "#009e73",
            Way.NFTABLES, "#d55e00",
            Way.IPTABLES, "#cc79a7");

    /** Returns the file's text; null where there are no two numbers of Services to draw a line between. */
    String svg() {
        List<Way> ways = results.ways().stream().filter(this::isInSweep).toList();
        if (ways.isEmpty()) {
            return null;
        }
        List<LineChart> charts = List.of(
                chart("new connections", NetCase.CONN, ways),
                chart("a new connection, median", NetCase.CONN_P50, ways),
                chart("round trip, median", NetCase.RTT_P50, ways));
        int width = charts.size() * LineChart.WIDTH + RIGHT_MARGIN;
        int height = LineChart.HEIGHT + CAPTION;
        StringBuilder svg = new StringBuilder(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %1$d %2$d\" width=\"%1$d\" height=\"%2$d\""
                                .formatted(width, height)
                        + " font-family=\"sans-serif\" font-size=\"12\" fill=\"#808080\">\n");
        for (int i = 0; i < charts.size(); i++) {
            svg.append(charts.get(i).svg(i * LineChart.WIDTH, 0));
        }
        legend(svg, ways);
        svg.append(
                "<text x=\"16\" y=\"%d\">over the number of Services; %s, %d cores, kernel %s, JDK %s, load %s, %s</text>\n"
                        .formatted(
                                height - 12,
                                machine.cpu(),
                                machine.cores(),
                                machine.kernel(),
                                machine.jdk(),
                                machine.load(),
                                machine.date()));
        return svg.append("</svg>\n").toString();
    }

    private static void legend(StringBuilder svg, List<Way> ways) {
        int x = 16;
        for (Way way : ways) {
            String name = name(way);
            svg.append("<text x=\"%d\" y=\"%d\" fill=\"%s\">&#9679; %s</text>\n"
                    .formatted(x, LineChart.HEIGHT + 16, COLORS.get(way), name));
            x += 40 + 8 * name.length();
        }
    }

    private static String name(Way way) {
        return way.isTowpath() ? "Towpath, " + way.label : way.label;
    }

    private boolean isInSweep(Way way) {
        return way.hasServices() && points(NetCase.CONN, way).size() > 1;
    }

    private LineChart chart(String title, NetCase what, List<Way> ways) {
        return new LineChart(
                title,
                what.unit,
                ways.stream()
                        .map(way -> new LineChart.Series(name(way), COLORS.get(way), points(what, way)))
                        .toList());
    }

    private List<LineChart.Point> points(NetCase what, Way way) {
        List<LineChart.Point> points = new ArrayList<>();
        for (NetResults.Row row : results.rows()) {
            OptionalDouble median = results.median(what, row.services(), way);
            if (row.what() == what && median.isPresent()) {
                points.add(new LineChart.Point(row.services(), median.getAsDouble()));
            }
        }
        return points;
    }
}
