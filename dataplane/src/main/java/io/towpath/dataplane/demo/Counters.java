package io.towpath.dataplane.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The engine's packet counters, read from outside by {@code towpath counters}. */
public record Counters(List<Line> lines) {
    private static final Duration READ_LIMIT = Duration.ofSeconds(10);

    /** Packets and bytes that ended in one verdict for one reason. */
    public record Line(String verdict, String reason, long packets, long bytes) {}

    /** Reads the counters of an instance in a process of its own, as anybody would. */
    public static Counters read(String instance) throws IOException, InterruptedException {
        Programs.Result result = Programs.towpath(READ_LIMIT, "counters", "--instance", instance, "--output", "json");
        if (!result.isOk()) {
            throw new IOException(
                    "cannot read the engine's counters: " + result.errors().strip());
        }

        return parse(result.output());
    }

    static Counters parse(String json) throws IOException {
        return new Counters(Json.objects(Json.parse(json), "counters").stream()
                .map(line -> new Line(
                        String.valueOf(line.get("verdict")),
                        String.valueOf(line.get("reason")),
                        (long) Json.number(line, "packets"),
                        (long) Json.number(line, "bytes")))
                .filter(line -> line.packets > 0)
                .toList());
    }

    /** Packets with this verdict, for all reasons. */
    public long packets(String verdict) {
        return lines.stream()
                .filter(line -> line.verdict.equals(verdict))
                .mapToLong(Line::packets)
                .sum();
    }
}
