package io.towpath.dataplane.port;

import io.towpath.packet.Burst;
import io.towpath.packet.Reason;

/**
 * One worker's end of a network: bursts of frames come in, and frames queued with {@link #enqueue} go out with {@link #flush}. Owner worker
 * only, from {@link FramePool} buffers of that worker.
 */
public abstract class Port {
    /** Told what became of each queued frame. */
    public interface Outcome {
        /**
         * A frame is done with.
         *
         * @param packets that it stood for
         * @param bytes of all of them
         * @param reason the frame's own where it was sent, why not otherwise
         */
        void done(int buffer, int packets, int bytes, Reason reason);
    }

    private final int index;
    private final String name;
    private final SendQueue queue = new SendQueue();
    private final PortDrops drops = new PortDrops();
    /** Null where each datagram leaves by itself. */
    private UdpMerger merger;

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

    /** Has UDP datagrams leave in super-frames from now on. Before the first frame. */
    public final void mergeUdp(UdpMerger with) {
        merger = with;
    }

    /** Sends frame {@code i}, or has it sent by the next {@link PortIo#submit}; either tells the outcome. Never blocks. */
    abstract void send(SendQueue from, int i, Outcome outcome);

    /** Queues a frame. Returns false if the queue is full, and the frame stays the caller's. */
    public final boolean enqueue(int buffer, long l2, int length, Reason reason) {
        if (queue.count == SendQueue.LIMIT) {
            drops.count(Reason.EGRESS_FULL, 1);
            return false;
        }
        queue.add(buffer, l2, length, reason);
        return true;
    }

    /** Returns how many more frames can be queued. */
    public final int room() {
        return SendQueue.LIMIT - queue.count;
    }

    /** Sends what is queued. */
    public final void flush(Outcome outcome) {
        if (merger != null) {
            merger.merge(queue);
        }
        int count = queue.count;
        for (int i = 0; i < count; i++) {
            send(queue, i, outcome);
        }
        queue.count = 0;
    }

    /** Returns what could not leave by this port. */
    public final PortDrops drops() {
        return drops;
    }
}
