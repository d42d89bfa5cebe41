package io.towpath.bench.core;

import io.towpath.bench.Spread;
import java.util.Locale;

/**
 * What a number of workers does in one way.
 *
 * @param workers at work at once
 * @param ns a packet of one worker, while all are at work
 * @param ratio packets a second of all workers together to those of one worker in the same round
 */
record ScaleRow(ScaleMode mode, String path, int flows, int workers, Spread ns, Spread ratio) {
    /** Of 1 for each round and row: the throughput of all, packets a nanosecond. */
    static ScaleRow of(ScaleMode mode, String path, int flows, int workers, double[] throughput, double[] one) {
        double[] ns = new double[throughput.length];
        double[] ratio = new double[throughput.length];
        for (int round = 0; round < ns.length; round++) {
            ns[round] = workers / throughput[round];
            ratio[round] = throughput[round] / one[round];
        }
        return new ScaleRow(mode, path, flows, workers, Spread.of(ns), Spread.of(ratio));
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s, %s, %,d flows, %d workers: %.1f ns a packet of each, %.2f times one",
                path,
                mode.label,
                flows,
                workers,
                ns.median(),
                ratio.median());
    }
}
