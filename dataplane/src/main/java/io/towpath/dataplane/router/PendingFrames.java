package io.towpath.dataplane.router;

import io.towpath.packet.Reason;

/** Frames that wait until their next hop's MAC address is known. Bounded; one worker. */
final class PendingFrames {
    static final int LIMIT = 64;

    final int[] buffer = new int[LIMIT];
    final long[] l2 = new long[LIMIT];
    final int[] length = new int[LIMIT];
    final int[] port = new int[LIMIT];
    final long[] hi = new long[LIMIT];
    final long[] lo = new long[LIMIT];
    final long[] deadlineNs = new long[LIMIT];
    final Reason[] reason = new Reason[LIMIT];
    int count;

    boolean isFull() {
        return count == LIMIT;
    }

    /** Returns whether a frame waits for the neighbor, so that it was asked for already. */
    boolean waitsFor(int egress, long hopHi, long hopLo) {
        for (int i = 0; i < count; i++) {
            if (port[i] == egress && hi[i] == hopHi && lo[i] == hopLo) {
                return true;
            }
        }
        return false;
    }

    void add(int number, long start, int bytes, int egress, long hopHi, long hopLo, long deadline, Reason why) {
        int i = count++;
        buffer[i] = number;
        l2[i] = start;
        length[i] = bytes;
        port[i] = egress;
        hi[i] = hopHi;
        lo[i] = hopLo;
        deadlineNs[i] = deadline;
        reason[i] = why;
    }

    /** Copies entry {@code from} over entry {@code to}, for compaction in order. */
    void move(int from, int to) {
        buffer[to] = buffer[from];
        l2[to] = l2[from];
        length[to] = length[from];
        port[to] = port[from];
        hi[to] = hi[from];
        lo[to] = lo[from];
        deadlineNs[to] = deadlineNs[from];
        reason[to] = reason[from];
    }
}
