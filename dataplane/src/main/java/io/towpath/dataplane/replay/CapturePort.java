package io.towpath.dataplane.replay;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.ImmediatePort;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;

/** Writes what is sent to the replay's capture. */
final class CapturePort extends ImmediatePort {
    private final CaptureOutput output;
    private final Link link;

    /** What is at the other end of a port. */
    interface Link {
        /** Returns whether the frame is answered there, so that it does not count as sent. */
        boolean answers(int port, long l2);
    }

    CapturePort(int index, String name, CaptureOutput output, Link link) {
        super(index, name);
        this.output = output;
        this.link = link;
    }

    @Override
    public int receive(FramePool pool, Burst burst, int limit) {
        return 0;
    }

    @Override
    protected Reason transmit(long l2, int length) {
        if (!link.answers(index(), l2)) {
            output.write(name(), l2, length);
        }
        return null;
    }
}
