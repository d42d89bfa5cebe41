package io.towpath.nat;

import io.towpath.linux.MappedMemory;
import java.lang.foreign.MemorySegment;

/**
 * Bytes of held fragments: native memory in blocks, those of one fragment chained. Small fragments cost one block, so that a flood of them
 * cannot hold much more memory than it sends. Owner worker only.
 */
final class FragmentBlocks implements AutoCloseable {
    /** A fragment of a 1,500 byte MTU takes three. */
    static final int BLOCK_BYTES = 512;

    private static final int NONE = -1;

    private final MappedMemory memory;
    private final MemorySegment bytes;
    private final int[] next;
    private int free = NONE;
    private int available;

    FragmentBlocks(int blocks) {
        memory = MappedMemory.anonymous((long) blocks * BLOCK_BYTES);
        bytes = memory.segment();
        next = new int[blocks];
        for (int block = blocks - 1; block >= 0; block--) {
            giveBack(block);
        }
    }

    int count() {
        return next.length;
    }

    /** Returns whether there is room for a fragment now. */
    boolean hasRoom(int length) {
        return (length + BLOCK_BYTES - 1) / BLOCK_BYTES <= available;
    }

    /** Copies a fragment in; the caller made sure that it {@link #hasRoom has room}. Returns its first block, which stands for it. */
    int store(MemorySegment from, long at, int length) {
        int first = free;
        int block = NONE;
        for (int done = 0; done < length; done += BLOCK_BYTES) {
            block = free;
            free = next[block];
            available--;
            int part = Math.min(BLOCK_BYTES, length - done);
            MemorySegment.copy(from, at + done, bytes, (long) block * BLOCK_BYTES, part);
        }
        next[block] = NONE;
        return first;
    }

    /** Copies {@code length} bytes of a fragment out, from its byte {@code skip} on. */
    void copy(int first, int skip, int length, MemorySegment to, long at) {
        int block = first;
        for (int i = skip / BLOCK_BYTES; i > 0; i--) {
            block = next[block];
        }
        int within = skip % BLOCK_BYTES;
        int done = 0;
        while (done < length) {
            int part = Math.min(BLOCK_BYTES - within, length - done);
            MemorySegment.copy(bytes, (long) block * BLOCK_BYTES + within, to, at + done, part);
            done += part;
            within = 0;
            block = next[block];
        }
    }

    void release(int first) {
        int block = first;
        while (block != NONE) {
            int following = next[block];
            giveBack(block);
            block = following;
        }
    }

    private void giveBack(int block) {
        next[block] = free;
        free = block;
        available++;
    }

    @Override
    public void close() {
        memory.close();
    }
}
