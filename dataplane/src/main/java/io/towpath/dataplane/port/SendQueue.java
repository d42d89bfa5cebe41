package io.towpath.dataplane.port;

import io.towpath.linux.NativeMemory;
import io.towpath.packet.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Frames on their way out of a port, in order: index {@code i} is a frame, {@code 0 <= i < count}. Owner worker only.
 *
 * <p>A frame takes three words in native memory, without bounds to check as an index is cut to the limit: {@code l2 << 32 | buffer}, {@code length << 32 | ordinal of the reason}, {@code bytes << 32 | packets}.
 */
final class SendQueue {
    /** Frames at most: a burst of each port, an answer to each frame, and what waited for a neighbor. A power of two. */
    static final int LIMIT = 1024;

    private static final int RECORD_BYTES = 24;
    private static final int LENGTH_AND_REASON = 8;
    private static final int BYTES_AND_PACKETS = 16;

    int count;

    private final MemorySegment records = Arena.ofAuto().allocate((long) LIMIT * RECORD_BYTES, Long.BYTES);

    private final long address = records.address();

    private long record(int i) {
        return NativeMemory.known(address) + (long) (i & LIMIT - 1) * RECORD_BYTES;
    }

    /** Appends a frame of one packet. The caller keeps {@code count} below {@link #LIMIT}. */
    void add(int buffer, long l2, int length, Reason reason) {
        long at = record(count++);
        NativeMemory.setLong(at, l2 << 32 | buffer);
        NativeMemory.setLong(at + LENGTH_AND_REASON, (long) length << 32 | reason.ordinal());
        NativeMemory.setLong(at + BYTES_AND_PACKETS, (long) length << 32 | 1);
    }

    /** Adds a packet to a frame, which has a new length by it. */
    void join(int i, int bytes, int length) {
        long at = record(i);
        NativeMemory.setLong(
                at + LENGTH_AND_REASON,
                (long) length << 32 | Integer.toUnsignedLong(NativeMemory.getInt(at + LENGTH_AND_REASON)));
        NativeMemory.setLong(
                at + BYTES_AND_PACKETS, NativeMemory.getLong(at + BYTES_AND_PACKETS) + ((long) bytes << 32) + 1);
    }

    /** Copies a frame to another place, for compaction. */
    void move(int from, int to) {
        if (from != to) {
            MemorySegment.copy(records, (long) from * RECORD_BYTES, records, (long) to * RECORD_BYTES, RECORD_BYTES);
        }
    }

    int buffer(int i) {
        return (int) NativeMemory.getLong(record(i));
    }

    long l2(int i) {
        return NativeMemory.getLong(record(i)) >>> 32;
    }

    /** Returns the bytes from {@link #l2}. */
    int length(int i) {
        return (int) (NativeMemory.getLong(record(i) + LENGTH_AND_REASON) >>> 32);
    }

    /** Returns what each of the packets counts as once the frame is sent. */
    Reason reason(int i) {
        return Reason.ofOrdinal((int) NativeMemory.getLong(record(i) + LENGTH_AND_REASON));
    }

    /** Returns how many packets the frame stands for. */
    int packets(int i) {
        return (int) NativeMemory.getLong(record(i) + BYTES_AND_PACKETS);
    }

    /** Returns the bytes that its packets had. */
    int bytes(int i) {
        return (int) (NativeMemory.getLong(record(i) + BYTES_AND_PACKETS) >>> 32);
    }
}
