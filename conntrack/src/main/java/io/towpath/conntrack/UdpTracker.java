package io.towpath.conntrack;

/** UDP's part of connection tracking: an exchange that lasts is a stream (net/netfilter/nf_conntrack_proto_udp.c). */
final class UdpTracker {
    /** State: datagrams of both directions belong to the connection. */
    static final int CURRENT = 0;
    /** State: answers that are under way still belong to the connection; the next datagram of the original direction opens a new one. */
    static final int STALE = 1;
    /** Not a state: the end of them. */
    static final int STATES = 2;

    /** An exchange that lasts longer is a stream. */
    private static final long STREAM_AFTER_TICKS = Entry.ticks(2_000_000_000L);

    private UdpTracker() {}

    /** Moves an entry in a state on by a datagram. Answers do not keep a stale connection alive. */
    static int track(long entry, int direction, int state, long nowNs) {
        if (state == STALE) {
            return direction == 0 ? Conntrack.TRACK_REOPEN : Tracker.PASS;
        }
        int status = Entry.status(entry);
        if ((status & Entry.SEEN_REPLY) != 0
                && (status & Entry.ASSURED) == 0
                && Entry.tick(nowNs) - Entry.createdTick(entry) >= STREAM_AFTER_TICKS) {
            Entry.addStatus(entry, Entry.ASSURED);
        }
        return Conntrack.TRACK_OK;
    }
}
