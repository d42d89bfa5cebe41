package io.towpath.dataplane.port;

import io.towpath.packet.Burst;
import io.towpath.packet.Reason;

/**
 * One worker's end of a network: bursts of frames come in, and frames queued with {@link #enqueue} go out with {@link #flush}. Owner worker
 * only, from {@link FramePool} buffers of that worker.
 */
public abstract class Port {
    /** Frames that can be queued at most: a burst of each port, an answer to each frame, and what waited for a neighbor. */
    private static final int QUEUE_LIMIT = 1024;

    /** Told what became of each queued frame. */
    public interface Outcome {
        /** @param reason the frame's own where it was sent, why not otherwise */
        void done(int buffer, int length, Reason reason);
    }

    private final int index;
    private final String name;
    /** For each queued frame {@code l2 << 32 | buffer} and {@code length << 32 | ordinal of the reason}. */
    private final long[] queue = new long[2 * QUEUE_LIMIT];

    private final PortDrops drops = new PortDrops();
    private int queued;

    protected Port(int index, String name) {
        this.index = index;
        this.name = name;
    }

    /** Returns the port's number in the engine, as in {@link Burst#ingress}. */
    public final int index() {
        return index;
    }

    public final String name() {
        return name;
    }

    /** Appends up to {@code limit} received frames to the burst, in buffers taken from the pool. Returns how many; never blocks. */
    public abstract int receive(FramePool pool, Burst burst, int limit);

    /** Sends one frame, or has it sent by the next {@link PortIo#submit}; either tells the outcome. Never blocks. */
    protected abstract void send(int buffer, long l2, int length, Reason reason, Outcome outcome);

    /** Queues a frame. Returns false if the queue is full, and the frame stays the caller's. */
    public final boolean enqueue(int buffer, long l2, int length, Reason reason) {
        if (queued == QUEUE_LIMIT) {
            drops.count(Reason.EGRESS_FULL);
            return false;
        }
        queue[2 * queued] = l2 << 32 | buffer;
        queue[2 * queued + 1] = (long) length << 32 | reason.ordinal();
        queued++;
        return true;
    }

    /** Returns how many more frames can be queued. */
    public final int room() {
        return QUEUE_LIMIT - queued;
    }

    /** Sends what is queued. Returns the number of frames. */
    public final int flush(Outcome outcome) {
        int count = queued;
        for (int i = 0; i < count; i++) {
            long frame = queue[2 * i];
            long rest = queue[2 * i + 1];
            send((int) frame, frame >>> 32, (int) (rest >>> 32), Reason.ofOrdinal((int) rest), outcome);
        }
        queued = 0;
        return count;
    }

    /** Returns what could not leave by this port. */
    public final PortDrops drops() {
        return drops;
    }
}
