package io.towpath.bench.core;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Times from one reading of the clock to the next, in a loop whose work always takes the same: what is longer is a pause. One thread. */
final class Gaps {
    /** Nothing is longer. */
    static final long LONGEST_NS = TimeUnit.MINUTES.toNanos(1);

    private final Histogram ns = new Histogram(LONGEST_NS, 3);
    private long totalNs;

    void record(long gapNs) {
        record(gapNs, 1);
    }

    private void record(long gapNs, long count) {
        ns.recordValueWithCount(gapNs, count);
        totalNs += gapNs * count;
    }

    /** Adds those of a line as {@link #line} makes it. */
    void addLine(String line) {
        for (String gap : line.split(" ")) {
            int colon = gap.indexOf(':');
            record(Long.parseLong(gap.substring(0, colon)), Long.parseLong(gap.substring(colon + 1)));
        }
    }

    /** Returns all of them as {@code NS:COUNT NS:COUNT ...}. */
    String line() {
        StringBuilder line = new StringBuilder();
        ns.recordedValues().forEach(value -> line.append(line.isEmpty() ? "" : " ")
                .append(value.getValueIteratedTo())
                .append(':')
                .append(value.getCountAddedInThisIterationStep()));
        return line.toString();
    }

    void clear() {
        ns.reset();
        totalNs = 0;
    }

    boolean isEmpty() {
        return totalNs == 0;
    }

    /** Returns what the work usually takes. */
    long usualNs() {
        return atPercentile(50);
    }

    long atPercentile(double percentile) {
        return ns.getValueAtPercentile(percentile);
    }

    /** Returns how many times a second the work took longer than usual by more than a limit. */
    double pausesPerSecond(long limitNs) {
        return ns.getCountBetweenValues(usualNs() + limitNs, LONGEST_NS) * 1e9 / totalNs;
    }

    /** Returns the longest time less what the work usually takes. */
    long longestPauseNs() {
        return ns.getMaxValue() - usualNs();
    }
}
