package io.towpath.conntrack;

/** One thread's entries of a family that are in no index: free ones at hand, and removed ones waiting for their grace period. Owner thread only. */
final class EntryLists {
    /** Batches of removed entries that wait; a further one joins the newest. */
    private static final int BATCHES = 64;

    int free;
    int freeCount;

    final Victims victims = new Victims();

    private int removed;
    private int removedLast;
    private int removedCount;
    /** Of this batch and those that are closed. */
    private int waiting;

    private final int[] batchFirst = new int[BATCHES];
    private final int[] batchLast = new int[BATCHES];
    private final int[] batchCount = new int[BATCHES];
    private final long[] batchToken = new long[BATCHES];
    private int batchHead;
    private int batches;

    /** An entry left the index: it is free once the grace period is over. */
    void retire(Conntrack table, int entry) {
        table.link(entry, removed);
        if (removed == 0) {
            removedLast = entry;
        }
        removed = entry;
        removedCount++;
        waiting++;
    }

    /** Returns how many removed entries wait for their grace period. */
    int waiting() {
        return waiting;
    }

    /** Closes the batch of entries removed since the last call. */
    private void seal(Conntrack table) {
        if (removed == 0) {
            return;
        }
        long token = table.quiescence().advance();
        if (batches == BATCHES) {
            int newest = (batchHead + batches - 1) % BATCHES;
            table.link(removedLast, batchFirst[newest]);
            batchFirst[newest] = removed;
            batchCount[newest] += removedCount;
            batchToken[newest] = token;
        } else {
            int next = (batchHead + batches++) % BATCHES;
            batchFirst[next] = removed;
            batchLast[next] = removedLast;
            batchCount[next] = removedCount;
            batchToken[next] = token;
        }
        removed = 0;
        removedCount = 0;
    }

    /** Makes entries free whose grace period is over. */
    void reclaim(Conntrack table) {
        seal(table);
        while (batches > 0 && table.quiescence().passed(batchToken[batchHead])) {
            table.link(batchLast[batchHead], free);
            free = batchFirst[batchHead];
            freeCount += batchCount[batchHead];
            waiting -= batchCount[batchHead];
            batchHead = (batchHead + 1) % BATCHES;
            batches--;
        }
    }
}
