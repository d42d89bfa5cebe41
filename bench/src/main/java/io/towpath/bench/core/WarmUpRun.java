package io.towpath.bench.core;

import io.towpath.bench.Spread;
import java.util.Arrays;

/**
 * One start of an engine. Times are milliseconds since its process was asked for.
 *
 * @param mainMs when its first line of Java ran
 * @param openMs when its first connections were open
 * @param openCpuMs what the process had taken of all cores by then: the compilers are among it, other programs are not
 * @param endMs of each window
 * @param ns a packet in each window
 */
record WarmUpRun(double mainMs, double openMs, double openCpuMs, double[] endMs, double[] ns) {
    /** What is no more than this above the final value is steady. */
    private static final double STEADY = 1.1;
    /** Windows whose median is looked at: one that another program disturbed says nothing. */
    private static final int SMOOTHED = 9;

    /** Reads a line of {@link WarmUpPeer}. */
    static WarmUpRun of(String line) {
        String[] parts = line.split(" ");
        double[] endMs = new double[parts.length - 3];
        double[] ns = new double[endMs.length];
        for (int i = 0; i < ns.length; i++) {
            String[] window = parts[3 + i].split(":");
            endMs[i] = Double.parseDouble(window[0]);
            ns[i] = Double.parseDouble(window[1]);
        }
        return new WarmUpRun(
                Double.parseDouble(parts[0]), Double.parseDouble(parts[1]), Double.parseDouble(parts[2]), endMs, ns);
    }

    /** Returns nanoseconds a packet in the last quarter of the windows. */
    double finalNs() {
        return Spread.of(Arrays.copyOfRange(ns, ns.length * 3 / 4, ns.length)).median();
    }

    /** Returns when a packet took no more than a tenth longer than in the end, and from then on. */
    double steadyMs() {
        int first = ns.length;
        while (first > 0 && around(first - 1) <= STEADY * finalNs()) {
            first--;
        }
        return first < ns.length ? endMs[first] : Double.NaN;
    }

    /** Returns nanoseconds a packet at a time; NaN before the first window was over. */
    double nsAt(double ms) {
        int window = 0;
        while (window < ns.length - 1 && endMs[window] < ms) {
            window++;
        }
        return openMs > ms ? Double.NaN : ns[window];
    }

    private double around(int window) {
        int from = Math.max(0, window - SMOOTHED / 2);
        return Spread.of(Arrays.copyOfRange(ns, from, Math.min(ns.length, window + SMOOTHED / 2 + 1)))
                .median();
    }
}
