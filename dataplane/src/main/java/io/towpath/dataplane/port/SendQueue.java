package io.towpath.dataplane.port;

import io.towpath.packet.Reason;

/** Frames on their way out of a port, in order, as parallel arrays: index {@code i} is a frame, {@code 0 <= i < count}. Owner worker only. */
final class SendQueue {
    /** Frames at most: a burst of each port, an answer to each frame, and what waited for a neighbor. */
    static final int LIMIT = 1024;

    int count;
    final int[] buffer = new int[LIMIT];
    final long[] l2 = new long[LIMIT];
    /** Bytes from {@link #l2}. */
    final int[] length = new int[LIMIT];
    /** Packets that the frame stands for, and the bytes that they had. */
    final int[] packets = new int[LIMIT];

    final int[] bytes = new int[LIMIT];
    /** What each of the packets counts as once the frame is sent. */
    final Reason[] reason = new Reason[LIMIT];

    /** Appends a frame of one packet. The caller keeps {@code count} below {@link #LIMIT}. */
    void add(int bufferNumber, long frameL2, int frameLength, Reason why) {
        int i = count++;
        buffer[i] = bufferNumber;
        l2[i] = frameL2;
        length[i] = frameLength;
        packets[i] = 1;
        bytes[i] = frameLength;
        reason[i] = why;
    }

    /** Copies a frame to another place, for compaction. */
    void move(int from, int to) {
        buffer[to] = buffer[from];
        l2[to] = l2[from];
        length[to] = length[from];
        packets[to] = packets[from];
        bytes[to] = bytes[from];
        reason[to] = reason[from];
    }
}
