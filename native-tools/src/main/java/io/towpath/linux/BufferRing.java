package io.towpath.linux;

/**
 * Buffers for an {@link IoUring}'s reads, which the kernel takes in the order they were added ({@code io_uring_buf_ring} of
 * {@code linux/io_uring.h}, Linux 5.19). One taken is the reader's until it is added again. Owner thread only.
 */
public final class BufferRing {
    private static final int ENTRY_BYTES = 16;
    private static final int TAIL = 14;

    private final MappedMemory memory;
    private final long address;
    private final int mask;
    private int tail;

    /** @param entries a power of two */
    BufferRing(int entries) {
        this.memory = MappedMemory.anonymous((long) entries * ENTRY_BYTES);
        this.address = memory.segment().address();
        this.mask = entries - 1;
    }

    long address() {
        return address;
    }

    int capacity() {
        return mask + 1;
    }

    /** Adds a buffer, which the kernel sees after {@link #publishRelease}. The caller keeps to the capacity. */
    public void add(long buffer, int length, int number) {
        long entry = address + (long) (tail++ & mask) * ENTRY_BYTES;
        NativeMemory.setLong(entry, buffer);
        NativeMemory.setInt(entry + 8, length);
        NativeMemory.setShort(entry + 12, number); // the two bytes behind are the ring's tail in the first entry
    }

    public void publishRelease() {
        NativeMemory.setShortRelease(address + TAIL, (short) tail);
    }

    void close() {
        memory.close();
    }
}
