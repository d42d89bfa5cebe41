package io.towpath.dataplane.port;

/**
 * How many buffers are filled before their frames are worked on, of all ports together that share them. Each byte of a frame is copied into its
 * buffer and soon after out of it again: what was received meanwhile must not have taken the place in the core's cache. So it is few for
 * super-frames of 64 KiB, and all there are for small frames, by the moving average of what came. Owner worker only.
 */
final class ReceiveBudget {
    /** Bytes that wait at most: the second-level cache of a server's core. */
    private static final int CACHED_BYTES = 1 << 20;
    /** Buffers at least: in flight while the worker has its hands full. */
    static final int BUFFERS_MIN = 16;
    /** An average over about this many frames, as a shift: a change of traffic is seen within one burst. */
    private static final int AVERAGE_SHIFT = 3;

    private final int buffersMax;
    private int averageBytes;

    ReceiveBudget(int buffersMax) {
        this.buffersMax = buffersMax;
    }

    void received(int bytes) {
        averageBytes += bytes - averageBytes >> AVERAGE_SHIFT;
    }

    /** Returns how many may be filled, or being filled, now. */
    int buffers() {
        return Math.clamp(CACHED_BYTES / (averageBytes + 1), BUFFERS_MIN, buffersMax);
    }
}
