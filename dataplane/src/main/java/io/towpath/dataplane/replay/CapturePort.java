package io.towpath.dataplane.replay;

import io.towpath.capture.PcapngWriter;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;

/** Writes what is sent to a capture, at the time of the packet at hand. */
final class CapturePort extends Port {
    private final PcapngWriter output;
    private final MemorySegment frames;
    private long nowNs;
    private int written;

    CapturePort(PcapngWriter output, MemorySegment frames) {
        super(0, "towpath0");
        this.output = output;
        this.frames = frames;
    }

    void onTime(long timestampNs) {
        nowNs = timestampNs;
    }

    /** Returns the number of frames written so far. */
    int written() {
        return written;
    }

    @Override
    public int receive(FramePool pool, Burst burst, int limit) {
        return 0;
    }

    @Override
    protected Reason transmit(long l2, int length) {
        try {
            output.write(name(), nowNs, frames, l2, length);
            written++;
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int pollDescriptor() {
        return -1;
    }
}
