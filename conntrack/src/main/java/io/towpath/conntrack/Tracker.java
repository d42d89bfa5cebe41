package io.towpath.conntrack;

import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import java.lang.foreign.MemorySegment;

/** Moves connections on by the packets that belong to them, protocol by protocol, refreshes and counts them. Any worker, any entry. */
final class Tracker {
    /** Of a protocol's part: another worker changed the state meanwhile. */
    static final int AGAIN = 3;
    /** Of a protocol's part: the packet may pass, but says nothing that is certain about the connection. */
    static final int PASS = 4;
    /** The packet may pass, and its entry is of no more use. */
    static final int LAST = 5;
    /** The packet begins no connection: its entry, which is new, is of no use. */
    static final int REFUSED = 6;

    /** Turns against other workers that move the same connection on at the same time. */
    private static final int ATTEMPTS = 8;

    private final Timeouts timeouts;
    private final TcpTracker tcp;
    private final SctpTracker sctp;

    Tracker(BackendConnections connections, Timeouts timeouts, boolean tcpLiberal) {
        this.timeouts = timeouts;
        this.tcp = new TcpTracker(connections, tcpLiberal);
        this.sctp = new SctpTracker(connections);
    }

    /** As {@link Conntrack#track}, for an entry's packet of a direction; {@link #LAST} and {@link #REFUSED} leave the removal to the caller. */
    int track(
            ConntrackWorker worker,
            long entry,
            int direction,
            MemorySegment frames,
            long l4,
            int l4Length,
            int bytes,
            long nowNs) {
        int tick = Entry.tick(nowNs);
        if (timeouts.expired(entry, nowNs)) {
            return Conntrack.TRACK_REOPEN;
        }
        if (Entry.isEstablishedTcp(Entry.word(entry)) && passes(entry, direction, frames, l4, l4Length, tick)) {
            Entry.count(entry, direction, bytes);
            return Conntrack.TRACK_OK;
        }
        int result = trackState(worker, entry, direction, frames, l4, l4Length, nowNs);
        if (result == Conntrack.TRACK_INVALID || result == Conntrack.TRACK_REOPEN || result == REFUSED) {
            return result;
        }
        if (result == Conntrack.TRACK_OK) {
            if (direction != 0) {
                Entry.addStatus(entry, Entry.SEEN_REPLY);
            }
            refresh(entry, tick);
        }
        Entry.count(entry, direction, bytes);
        return result == LAST ? LAST : Conntrack.TRACK_OK;
    }

    /** Does all there is to do for a plain segment of an established TCP connection but the count; false for one that takes a closer look. */
    private static boolean passes(long entry, int direction, MemorySegment frames, long l4, int l4Length, int tick) {
        if (!TcpWindow.passes(entry, direction, frames, l4, l4Length)) {
            return false;
        }
        refresh(entry, tick);
        return true;
    }

    /** As {@link Conntrack#passRun}. */
    int passRun(Burst burst, long[] handles, int from, int tick) {
        int i = from;
        while (i < burst.count && passes(burst, i, handles[i], tick)) {
            i++;
        }
        return i;
    }

    private boolean passes(Burst burst, int i, long handle, int tick) {
        long entry = Conntrack.entry(handle);
        return handle >= 0
                && Entry.isEstablishedLiveTcp(Entry.word(entry))
                && timeouts.isRecent(entry, tick)
                && passes(entry, Conntrack.direction(handle), burst.frames, burst.l4(i), burst.l4Length(i), tick);
    }

    /** One store a tick, not one a packet. */
    private static void refresh(long entry, int tick) {
        if (Entry.lastSeenTick(entry) != tick) {
            Entry.lastSeenTick(entry, tick);
        }
    }

    private int trackState(
            ConntrackWorker worker,
            long entry,
            int direction,
            MemorySegment frames,
            long l4,
            int l4Length,
            long nowNs) {
        int protocol = Entry.protocol(entry);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int state = Entry.state(entry);
            if (state == Entry.GONE) {
                return Conntrack.TRACK_REOPEN;
            }
            int result =
                    switch (protocol) {
                        case FiveTuple.TCP -> tcp.track(worker, entry, direction, state, frames, l4, l4Length);
                        case FiveTuple.SCTP -> sctp.track(worker, entry, direction, state, frames, l4, l4Length);
                        case FiveTuple.UDP -> UdpTracker.track(entry, direction, state, nowNs);
                        default -> Conntrack.TRACK_OK;
                    };
            if (result != AGAIN) {
                return result;
            }
        }
        return Conntrack.TRACK_OK; // it fitted each time, and others move the connection on
    }
}
