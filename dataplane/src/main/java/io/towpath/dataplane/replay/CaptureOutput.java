package io.towpath.dataplane.replay;

import io.towpath.capture.PcapngWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** The capture that a replay writes: what all of its ports send, in order, at the time of the packet at hand. */
final class CaptureOutput implements AutoCloseable {
    private final PcapngWriter writer;
    private final MemorySegment frames;
    private long nowNs;
    private int written;

    /** @param frames memory that all frames lie in */
    CaptureOutput(Path file, MemorySegment frames) throws IOException {
        this.writer = PcapngWriter.create(file);
        this.frames = frames;
    }

    void onTime(long timestampNs) {
        nowNs = timestampNs;
    }

    /** Returns the number of frames written so far. */
    int written() {
        return written;
    }

    /** Gives a port its interface block, whether it ever sends or not. */
    void announce(String port) throws IOException {
        writer.announce(port);
    }

    void write(String port, long l2, int length) {
        try {
            writer.write(port, nowNs, frames, l2, length);
            written++;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
