package io.towpath.conntrack;

/**
 * One thread's part of the table: free entries at hand, entries waiting for their grace period, and the arguments of the next
 * {@link Conntrack#create}. There is one for each worker and one for the control thread, which removes entries only. Owner thread only; the
 * counts are read by others as recent values.
 */
public final class ConntrackWorker {
    /** Batches of removed entries that wait; a further one joins the newest. */
    private static final int BATCHES = 64;

    /** Free entries beyond which a worker shares. */
    private static final int SURPLUS = 256;

    private final int number;
    private final int keeps;

    int free;
    int freeCount;

    private int removed;
    private int removedLast;
    private int removedCount;
    private final int[] batchFirst = new int[BATCHES];
    private final int[] batchLast = new int[BATCHES];
    private final int[] batchCount = new int[BATCHES];
    private final long[] batchToken = new long[BATCHES];
    private int batchHead;
    private int batches;

    long sweepNext;
    long probe;

    // Arguments of the next create.
    public long originalSourceHi;
    public long originalSourceLo;
    public long originalDestinationHi;
    public long originalDestinationLo;
    public long originalTransport;
    public long replySourceHi;
    public long replySourceLo;
    public long replyDestinationHi;
    public long replyDestinationLo;
    public long replyTransport;
    public int natFlags;
    public int deltas;
    public int serviceId;
    public int backendId;

    long created;
    /** Entries that the thread removed, for whatever reason. */
    long ended;

    long expired;
    long evicted;

    private ConntrackWorker(int number, int keeps) {
        this.number = number;
        this.keeps = keeps;
        this.probe = number * 0x9E3779B97F4A7C15L + 1;
    }

    static ConntrackWorker worker(int number) {
        return new ConntrackWorker(number, SURPLUS);
    }

    /** Returns the control thread's, which has no use for free entries. */
    static ConntrackWorker control(int number) {
        return new ConntrackWorker(number, 0);
    }

    /** Returns how many free entries the thread does not share. */
    int keeps() {
        return keeps;
    }

    /** Returns the worker's number, from 0; the control thread's comes after the last worker's. */
    public int number() {
        return number;
    }

    /** An entry left the index: it is free once the grace period is over. */
    void retire(Conntrack table, int entry) {
        table.link(entry, removed);
        if (removed == 0) {
            removedLast = entry;
        }
        removed = entry;
        removedCount++;
    }

    /** Closes the batch of entries removed since the last call. */
    void seal(Conntrack table) {
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
            if (keeps == 0) {
                table.share(batchFirst[batchHead], batchLast[batchHead]);
            } else {
                table.link(batchLast[batchHead], free);
                free = batchFirst[batchHead];
                freeCount += batchCount[batchHead];
            }
            batchHead = (batchHead + 1) % BATCHES;
            batches--;
        }
    }

    /** Connections that this worker entered into the table. */
    public long created() {
        return created;
    }

    /** Entries that this worker removed because they were idle for too long. */
    public long expired() {
        return expired;
    }

    /** Entries that this worker removed to make room. */
    public long evicted() {
        return evicted;
    }
}
