package io.towpath.linux;

import java.lang.foreign.MemorySegment;

/**
 * The requests of an {@link IoUring} to the kernel ({@code io_uring_sqe} of {@code linux/io_uring.h}). We write entries and then release the
 * tail; the kernel reads them while {@link IoUring#enter} runs and moves the head, which we acquire. Owner thread only.
 */
public final class SubmissionQueue {
    private static final int ENTRY_BYTES = 64;
    // Within struct io_sqring_offsets of struct io_uring_params.
    private static final int HEAD = 0;
    private static final int TAIL = 4;
    private static final int FLAGS = 16;
    private static final int ARRAY = 24;
    // io_uring_sqe
    private static final int FLAGS_OFFSET = 1;
    private static final int POLL_MASK_OR_FLAGS = 28;
    private static final int USER_DATA = 32;
    private static final int BUFFER_GROUP = 40;
    private static final int OP_POLL_ADD = 6;
    private static final int OP_ASYNC_CANCEL = 14;
    private static final int OP_WRITE = 23;
    static final int OP_READ_MULTISHOT = 49;
    private static final int FIXED_FILE = 1;
    private static final int BUFFER_SELECT = 1 << 5;
    private static final int CANCEL_ALL = 1;
    private static final int CANCEL_ANY = 1 << 2;
    /** linux/fs.h: the request is done or refused at once, as nothing waits for room. */
    private static final int RWF_NOWAIT = 8;

    private static final int POLLIN = 1;
    private static final int NEEDS_ENTER = 1 << 1 | 1 << 2; // IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN

    private final long entriesAddress;
    private final long headAddress;
    private final long tailAddress;
    private final long flagsAddress;
    private final int entries;
    private int tail;

    SubmissionQueue(MemorySegment params, int offsets, long ring, long entriesAddress, int entries) {
        this.entriesAddress = entriesAddress;
        this.entries = entries;
        this.headAddress = ring + IoUring.field(params, offsets + HEAD);
        this.tailAddress = ring + IoUring.field(params, offsets + TAIL);
        this.flagsAddress = ring + IoUring.field(params, offsets + FLAGS);
        long array = ring + IoUring.field(params, offsets + ARRAY);
        for (int i = 0; i < entries; i++) {
            NativeMemory.setInt(array + 4L * i, i); // place i always names entry i
        }
    }

    /** Returns the position of the first request that the kernel has not taken; it wraps around. */
    private int headAcquire() {
        return NativeMemory.getIntAcquire(headAddress);
    }

    public boolean isFull() {
        return tail - headAcquire() == entries;
    }

    /** Returns whether the kernel has completions that it posts only while it is entered. */
    boolean needsEnterAcquire() {
        return (NativeMemory.getIntAcquire(flagsAddress) & NEEDS_ENTER) != 0;
    }

    /** Hands all requests over. Returns how many the kernel has not taken. */
    int publishRelease() {
        NativeMemory.setIntRelease(tailAddress, tail);
        return tail - headAcquire();
    }

    /**
     * Asks for every frame that comes, each in a buffer of the group, until a completion without {@link CompletionQueue#hasMore}. The queue
     * must not be full, here and below.
     */
    public void readMultishot(int file, int bufferGroup, long userData) {
        long entry = add(OP_READ_MULTISHOT, FIXED_FILE | BUFFER_SELECT, file, 0, 0, userData);
        NativeMemory.setLong(entry + 8, -1); // no offset: the file is a stream
        NativeMemory.setShort(entry + BUFFER_GROUP, bufferGroup);
    }

    /** Writes what there is room for at once, or fails. */
    public void write(int file, long address, int length, long userData) {
        long entry = add(OP_WRITE, FIXED_FILE, file, address, length, userData);
        NativeMemory.setLong(entry + 8, -1);
        NativeMemory.setInt(entry + POLL_MASK_OR_FLAGS, RWF_NOWAIT);
    }

    /** Asks for one completion as soon as the descriptor can be read. */
    public void pollReadable(int fd, long userData) {
        long entry = add(OP_POLL_ADD, 0, fd, 0, 0, userData);
        NativeMemory.setInt(entry + POLL_MASK_OR_FLAGS, POLLIN);
    }

    /** Cancels every request that is not done; each completes. */
    public void cancelAll(long userData) {
        long entry = add(OP_ASYNC_CANCEL, 0, -1, 0, 0, userData);
        NativeMemory.setInt(entry + POLL_MASK_OR_FLAGS, CANCEL_ALL | CANCEL_ANY);
    }

    private long add(int operation, int flags, int fd, long address, int length, long userData) {
        long entry = entriesAddress + (long) (tail++ & entries - 1) * ENTRY_BYTES;
        // Operation, flags, no priority, descriptor.
        NativeMemory.setLong(entry, operation | flags << 8 * FLAGS_OFFSET | (long) fd << 32);
        NativeMemory.setLong(entry + 8, 0);
        NativeMemory.setLong(entry + 16, address);
        NativeMemory.setLong(entry + 24, length);
        NativeMemory.setLong(entry + USER_DATA, userData);
        NativeMemory.setLong(entry + 40, 0);
        NativeMemory.setLong(entry + 48, 0);
        NativeMemory.setLong(entry + 56, 0);
        return entry;
    }
}
