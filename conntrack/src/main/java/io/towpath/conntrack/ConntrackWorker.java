package io.towpath.conntrack;

/**
 * One thread's part of the table: its entries at hand, and the arguments of the next {@link Conntrack#create}. There is one for each worker
 * and one for what an earlier process left. Owner thread only; the counts are read by others as recent values.
 */
public final class ConntrackWorker {
    private final int number;
    private final EntryLists ipv4;
    private final EntryLists ipv6;

    long sweepPage;
    int sweepIndex;
    long probe;

    // Arguments of the next create. Both tuples are of one family, that of the original source.
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
    /** Time-out of a session affinity template; 0 for connections. */
    public int templateSeconds;

    /** Keeps loads alive that are only made to have their lines at hand. */
    @SuppressWarnings("unused")
    long loaded;

    long created;
    /** Entries that the thread removed, for whatever reason. */
    long ended;

    long expired;
    long evicted;

    ConntrackWorker(int number) {
        this.number = number;
        this.ipv4 = new EntryLists();
        this.ipv6 = new EntryLists();
        this.probe = number * 0x9E3779B97F4A7C15L + 1;
    }

    EntryLists lists(boolean isIpv6) {
        return isIpv6 ? ipv6 : ipv4;
    }

    /** Returns the worker's number, from 0; that of an earlier process comes after the last worker's. */
    public int number() {
        return number;
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
