package io.towpath.linux;

import java.lang.foreign.MemorySegment;

/**
 * What became of an {@link IoUring}'s requests ({@code io_uring_cqe} of {@code linux/io_uring.h}). The kernel writes entries and the tail,
 * which we acquire; we release the head once we have read them. Owner thread only.
 */
public final class CompletionQueue {
    private static final int ENTRY_BYTES = 16;
    // Within struct io_cqring_offsets of struct io_uring_params.
    private static final int HEAD = 0;
    private static final int TAIL = 4;
    private static final int ENTRIES = 20;
    private static final int HAS_BUFFER = 1;
    private static final int HAS_MORE = 1 << 1;
    private static final int BUFFER_SHIFT = 16;

    private final long entriesAddress;
    private final long headAddress;
    private final long tailAddress;
    private final int mask;
    private int head;
    private long entry;

    CompletionQueue(MemorySegment params, int offsets, long ring, int entries) {
        this.mask = entries - 1;
        this.headAddress = ring + IoUring.field(params, offsets + HEAD);
        this.tailAddress = ring + IoUring.field(params, offsets + TAIL);
        this.entriesAddress = ring + IoUring.field(params, offsets + ENTRIES);
    }

    /** Goes to the next completion. Returns false if there is none. */
    public boolean next() {
        if (head == NativeMemory.getIntAcquire(tailAddress)) {
            return false;
        }
        entry = entriesAddress + (long) (head++ & mask) * ENTRY_BYTES;
        return true;
    }

    /** Gives the completions that were gone through back to the kernel. */
    public void consumedRelease() {
        NativeMemory.setIntRelease(headAddress, head);
    }

    boolean isEmpty() {
        return head == NativeMemory.getIntAcquire(tailAddress);
    }

    /** Returns what the current completion's request had with it. */
    public long userData() {
        return NativeMemory.getLong(entry);
    }

    /** Returns bytes, or {@code -errno}. */
    public int result() {
        return NativeMemory.getInt(entry + 8);
    }

    /** Returns the number of the provided buffer that the kernel took, -1 for none. */
    public int buffer() {
        int flags = NativeMemory.getInt(entry + 12);
        return (flags & HAS_BUFFER) == 0 ? -1 : flags >>> BUFFER_SHIFT;
    }

    /** Returns whether the request goes on. */
    public boolean hasMore() {
        return (NativeMemory.getInt(entry + 12) & HAS_MORE) != 0;
    }
}
