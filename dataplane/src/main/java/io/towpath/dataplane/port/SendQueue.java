package io.towpath.dataplane.port;

import io.towpath.packet.Reason;

/**
 * Frames on their way out of a port, in order: index {@code i} is a frame, {@code 0 <= i < count}. Owner worker only.
 *
 * <p>A frame takes three words: {@code l2 << 32 | buffer}, {@code length << 32 | ordinal of the reason}, {@code bytes << 32 | packets}.
 */
final class SendQueue {
    /** Frames at most: a burst of each port, an answer to each frame, and what waited for a neighbor. */
    static final int LIMIT = 1024;

    private static final int WORDS = 3;

    int count;
    private final long[] words = new long[LIMIT * WORDS];

    /** Appends a frame of one packet. The caller keeps {@code count} below {@link #LIMIT}. */
    void add(int buffer, long l2, int length, Reason reason) {
        int at = count++ * WORDS;
        words[at] = l2 << 32 | buffer;
        words[at + 1] = (long) length << 32 | reason.ordinal();
        words[at + 2] = (long) length << 32 | 1;
    }

    /** Adds a packet to a frame, which has a new length by it. */
    void join(int i, int bytes, int length) {
        words[i * WORDS + 1] = (long) length << 32 | words[i * WORDS + 1] & 0xFFFF_FFFFL;
        words[i * WORDS + 2] += ((long) bytes << 32) + 1;
    }

    /** Copies a frame to another place, for compaction. */
    void move(int from, int to) {
        if (from != to) {
            System.arraycopy(words, from * WORDS, words, to * WORDS, WORDS);
        }
    }

    int buffer(int i) {
        return (int) words[i * WORDS];
    }

    long l2(int i) {
        return words[i * WORDS] >>> 32;
    }

    /** Returns the bytes from {@link #l2}. */
    int length(int i) {
        return (int) (words[i * WORDS + 1] >>> 32);
    }

    /** Returns what each of the packets counts as once the frame is sent. */
    Reason reason(int i) {
        return Reason.ofOrdinal((int) words[i * WORDS + 1]);
    }

    /** Returns how many packets the frame stands for. */
    int packets(int i) {
        return (int) words[i * WORDS + 2];
    }

    /** Returns the bytes that its packets had. */
    int bytes(int i) {
        return (int) (words[i * WORDS + 2] >>> 32);
    }
}
