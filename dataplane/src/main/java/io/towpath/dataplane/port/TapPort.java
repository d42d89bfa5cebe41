package io.towpath.dataplane.port;

import io.towpath.linux.Errno;
import io.towpath.linux.Fd;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** A queue of a TAP device, by {@code read} and {@code write}. A device that cannot take a frame drops it, counted; it never blocks. */
public final class TapPort extends Port {
    private final Fd queue;
    private final MemorySegment frames;

    public TapPort(int index, String name, Fd queue, MemorySegment frames) {
        super(index, name);
        this.queue = queue;
        this.frames = frames;
    }

    @Override
    public int receive(FramePool pool, Burst burst, int limit) {
        int received = 0;
        while (received < limit) {
            int buffer = pool.take();
            if (buffer < 0) {
                break;
            }
            long l2 = FramePool.l2(buffer);
            int bytes = queue.read(frames, l2 - VnetHeader.LENGTH, FramePool.BUFFER_BYTES);
            if (bytes < VnetHeader.LENGTH) {
                pool.give(buffer); // nothing waits, or the device is down
                break;
            }
            burst.add(index(), buffer, l2, bytes - VnetHeader.LENGTH);
            received++;
        }
        return received;
    }

    @Override
    protected Reason transmit(long l2, int length) {
        int written = queue.write(frames, l2 - VnetHeader.LENGTH, length + VnetHeader.LENGTH);
        if (written >= 0) {
            return null;
        }
        return written == -Errno.EAGAIN || written == -Errno.ENOBUFS ? Reason.EGRESS_FULL : Reason.EGRESS_FAILED;
    }

    @Override
    public int pollDescriptor() {
        return queue.number();
    }
}
