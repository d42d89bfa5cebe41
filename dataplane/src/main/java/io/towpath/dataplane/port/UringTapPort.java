package io.towpath.dataplane.port;

import io.towpath.linux.Fd;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;

/** A queue of a TAP device, by its worker's {@link RingIo}. Frames that the kernel has received wait here for their burst. */
public final class UringTapPort extends Port implements DevicePort {
    private final RingIo io;
    private final LinkWatch link = new LinkWatch();
    private final int[] buffers;
    private final int[] lengths;
    private final int mask;
    private volatile Fd queue;
    private int head;
    private int tail;
    private boolean isReading;
    private boolean lacksBuffers;

    /** @param capacity received frames that may wait, a power of two */
    UringTapPort(int index, String name, Fd queue, RingIo io, int capacity) {
        super(index, name);
        this.queue = queue;
        this.io = io;
        this.buffers = new int[capacity];
        this.lengths = new int[capacity];
        this.mask = capacity - 1;
    }

    @Override
    public int receive(FramePool pool, Burst burst, int limit) {
        int count = Math.min(tail - head, limit);
        for (int i = 0; i < count; i++) {
            int at = head++ & mask;
            // What is shorter than its own header is a frame of no bytes: the parser drops and counts it.
            int length = Math.max(0, lengths[at] - VnetHeader.LENGTH);
            burst.add(index(), buffers[at], FramePool.l2(buffers[at]), length);
        }
        io.received(count);
        return count;
    }

    /** A frame came. */
    void arrived(int buffer, int bytes) {
        int at = tail++ & mask;
        buffers[at] = buffer;
        lengths[at] = bytes;
        link.up();
    }

    boolean hasArrived() {
        return head != tail;
    }

    @Override
    void send(SendQueue from, int i, Outcome outcome) {
        if (link.isGone() || !io.write(this, from, i, outcome)) {
            drops().count(Reason.EGRESS_FAILED, from.packets(i));
            outcome.done(from.buffer(i), from.packets(i), from.bytes(i), Reason.EGRESS_FAILED);
        }
    }

    /**
     * A write is over.
     *
     * @param result bytes, or {@code -errno}
     * @return what the frame's packets count as
     */
    Reason onWritten(int result, int packets, Reason reason) {
        if (result >= 0) {
            link.up();
            return reason;
        }
        Reason failure = link.onWriteError(result);
        drops().count(failure, packets);
        return failure;
    }

    /** Whether a read is to be asked for. */
    boolean mustRead() {
        return !isReading && !link.isGone();
    }

    boolean isReading() {
        return isReading;
    }

    void onRead() {
        isReading = true;
    }

    /** Whether the last read ended as there was no buffer, be there a frame or not. */
    boolean lacksBuffers() {
        return lacksBuffers;
    }

    /** The kernel will receive no more until it is asked again. */
    void onReadEnd(boolean isGone, boolean lacksBuffers) {
        isReading = false;
        this.lacksBuffers = lacksBuffers;
        if (isGone) {
            link.gone();
        }
    }

    @Override
    public LinkState link() {
        return link.state();
    }

    @Override
    public Fd queue() {
        return queue;
    }

    @Override
    public void replace(Fd other) {
        if (io.replace(this, other)) {
            queue = other;
            link.up();
        }
    }
}
