package io.towpath.dataplane.control;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them (package time, ParseDuration), such as 1h0m0s. Negative ones are refused. */
final class GoDuration {
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|µs|ms|h|m|s)");
    private static final double LIMIT_NS = Long.MAX_VALUE;

    private GoDuration() {}

    /** Returns nanoseconds, nothing where the text is no duration. */
    static OptionalLong parse(String text) {
        if (text.equals("0")) {
            return OptionalLong.of(0);
        }
        Matcher part = PART.matcher(text);
        double ns = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            ns += Double.parseDouble(part.group(1)) * unitNs(part.group(2));
            end = part.end();
        }
        return end == 0 || end != text.length() || ns >= LIMIT_NS ? OptionalLong.empty() : OptionalLong.of((long) ns);
    }

    private static double unitNs(String unit) {
        return switch (unit) {
            case "h" -> 3600e9;
            case "m" -> 60e9;
            case "s" -> 1e9;
            case "ms" -> 1e6;
            case "ns" -> 1;
            default -> 1e3;
        };
    }
}
