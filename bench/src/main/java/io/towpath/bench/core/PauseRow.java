package io.towpath.bench.core;

import io.towpath.bench.Spread;
import java.util.ArrayList;
import java.util.List;

/** What one program's slices had. One thread. */
final class PauseRow {
    /** The C loop, or the worker's collector and whether garbage is made beside it. */
    final String who;
    /** All slices together. */
    final Gaps gaps = new Gaps();

    private final List<Double> nsPerPacket = new ArrayList<>();
    private long residentBytes;
    private long collections;
    private long stoppedMs;

    PauseRow(String who) {
        this.who = who;
    }

    /** Adds a slice of {@link PausePeer}. */
    void addWorker(String line) {
        String[] parts = line.split(" ", 5);
        nsPerPacket.add(Double.parseDouble(parts[0]));
        residentBytes = Long.parseLong(parts[1]);
        collections += Long.parseLong(parts[2]);
        stoppedMs += Long.parseLong(parts[3]);
        gaps.addLine(parts[4]);
    }

    /** Returns nanoseconds a packet of each slice; null of the C loop. */
    Spread nsPerPacket() {
        return nsPerPacket.isEmpty()
                ? null
                : Spread.of(
                        nsPerPacket.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Returns what the process had in memory after the last slice; 0 of the C loop. */
    long residentBytes() {
        return residentBytes;
    }

    /** Returns how many times a collector stopped all threads, in all slices. */
    long collections() {
        return collections;
    }

    /** Returns for how long it did, all together. */
    long stoppedMs() {
        return stoppedMs;
    }
}
