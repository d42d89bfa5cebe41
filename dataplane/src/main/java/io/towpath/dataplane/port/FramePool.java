package io.towpath.dataplane.port;

import io.towpath.linux.MappedMemory;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** A worker's frame buffers, each large enough for a super-frame of 64 KiB. Owner worker only. */
public final class FramePool implements AutoCloseable {
    /** Bytes that a frame may have with its virtio-net header. */
    public static final int BUFFER_BYTES = 68 * 1024;
    /** Distance of two buffers: not a power of two, or the headers of all frames would share a few sets of the L1 cache. */
    private static final int STRIDE = BUFFER_BYTES + 128;

    private final MappedMemory memory;
    private final int[] free;
    private int freeCount;
    private boolean isLeft;

    public FramePool(int buffers) {
        memory = MappedMemory.anonymous((long) buffers * STRIDE);
        free = new int[buffers];
        for (int i = buffers - 1; i >= 0; i--) {
            free[freeCount++] = i;
        }
    }

    public MemorySegment frames() {
        return memory.segment();
    }

    /** Returns how many buffers there are; they are numbered from 0. */
    public int capacity() {
        return free.length;
    }

    /** Returns where a buffer's Ethernet header goes: behind the virtio-net header, so that the IP header is 8-byte aligned. */
    public static long l2(int buffer) {
        return (long) buffer * STRIDE + VnetHeader.LENGTH;
    }

    /** Returns a free buffer, -1 where there is none. */
    public int take() {
        return freeCount == 0 ? -1 : free[--freeCount];
    }

    public void give(int buffer) {
        free[freeCount++] = buffer;
    }

    public int available() {
        return freeCount;
    }

    /** The kernel may still read and write frames: {@link #close} leaves their memory until the process ends. Closing thread. */
    public void leave() {
        isLeft = true;
    }

    @Override
    public void close() {
        if (!isLeft) {
            memory.close();
        }
    }
}
