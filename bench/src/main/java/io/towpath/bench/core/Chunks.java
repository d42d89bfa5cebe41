package io.towpath.bench.core;

import java.util.Arrays;

/**
 * Times of chunks of packets, whose median is a sample's time: what other programs took while a chunk ran is in few of them. The C peer
 * does the same ({@code peer.h}), and the kernel leaves it out of the time of BPF_PROG_RUN.
 */
final class Chunks {
    /** Packets: few enough that most chunks are over before the core goes to another program, even of the slowest path. */
    static final int CHUNK = 512;

    private final double[] nsPerPacket = new double[65_536];
    private int count;
    private long currentNs;
    private int packets;

    /** Adds the time of a burst. */
    void add(long ns, int burst) {
        currentNs += ns;
        packets += burst;
        if (packets >= CHUNK) {
            if (count < nsPerPacket.length) {
                nsPerPacket[count++] = (double) currentNs / packets;
            }
            currentNs = 0;
            packets = 0;
        }
    }

    void clear() {
        count = 0;
        currentNs = 0;
        packets = 0;
    }

    /** Returns how many chunks there are. */
    int count() {
        return count;
    }

    /** Returns nanoseconds a packet; needs a whole chunk. */
    double median() {
        if (count == 0) {
            throw new IllegalStateException("not one chunk of " + CHUNK + " packets");
        }
        Arrays.sort(nsPerPacket, 0, count);
        return nsPerPacket[count / 2];
    }
}
