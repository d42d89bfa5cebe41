package io.towpath.dataplane.port;

import io.towpath.linux.Errno;
import io.towpath.linux.Fd;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** A queue of a TAP device, by {@code read} and {@code write}. A device that cannot take a frame drops it, counted; it never blocks. */
public final class TapPort extends ImmediatePort implements DevicePort {
    private final MemorySegment frames;
    private final LinkWatch link = new LinkWatch();
    private final ReceiveBudget budget = new ReceiveBudget(Burst.LIMIT);
    private volatile Fd queue;

    public TapPort(int index, String name, Fd queue, MemorySegment frames) {
        super(index, name);
        this.queue = queue;
        this.frames = frames;
    }

    @Override
    public int receive(FramePool pool, Burst burst, int limit) {
        if (link.isGone()) {
            return 0;
        }
        int most = Math.min(limit, budget.buffers());
        int received = 0;
        while (received < most) {
            int buffer = pool.take();
            if (buffer < 0) {
                break;
            }
            long l2 = FramePool.l2(buffer);
            int bytes = queue.read(frames, l2 - VnetHeader.LENGTH, FramePool.BUFFER_BYTES);
            if (bytes < 0) {
                pool.give(buffer);
                if (bytes != -Errno.EAGAIN && bytes != -Errno.EINTR) {
                    link.gone();
                }
                break;
            }
            budget.received(bytes);
            // What is shorter than its own header is a frame of no bytes: the parser drops and counts it.
            burst.add(index(), buffer, l2, Math.max(0, bytes - VnetHeader.LENGTH));
            received++;
        }
        if (received > 0) {
            link.up();
        }
        return received;
    }

    @Override
    protected Reason transmit(long l2, int length) {
        if (link.isGone()) {
            return Reason.EGRESS_FAILED;
        }
        int written = queue.write(frames, l2 - VnetHeader.LENGTH, length + VnetHeader.LENGTH);
        if (written >= 0) {
            link.up();
            return null;
        }
        return link.onWriteError(written);
    }

    /** Returns the descriptor that becomes readable when frames wait, -1 where none can. */
    int pollDescriptor() {
        return link.isGone() ? -1 : queue.number();
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
        queue = other;
        link.up();
    }
}
