package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.wire.Sctp;
import java.lang.foreign.MemorySegment;

/**
 * Follows SCTP associations by {@link SctpState} and their verification tags (RFC 9260 section 8.5), as
 * net/netfilter/nf_conntrack_proto_sctp.c does. One thing is on purpose not the kernel's: an INIT on an association that is over begins a
 * new one, with a backend of its own choice.
 *
 * <p>The tags stand where TCP connections have their windows, and are written as plainly.
 */
final class SctpTracker {
    /** Chunks looked at; what changes the state comes first in a packet (RFC 9260 section 6.10). */
    private static final int CHUNKS_LIMIT = 32;

    /** Flags of an association: an INIT was seen, a bit for each direction. */
    private static final int INIT_SEEN = 1;
    /** A HEARTBEAT had a wrong tag: the peer's answer tells whether it is ours that is. */
    private static final int HEARTBEAT_FAILED = 4;
    /** Direction of that HEARTBEAT. */
    private static final int HEARTBEAT_REPLY = 8;

    /** Chunks whose tag has rules of its own. */
    private static final int OWN_RULES = 1 << Sctp.INIT
            | 1 << Sctp.SHUTDOWN_COMPLETE
            | 1 << Sctp.COOKIE_ECHO
            | 1 << Sctp.ABORT
            | 1 << Sctp.SHUTDOWN_ACK
            | 1 << Sctp.HEARTBEAT
            | 1 << Sctp.HEARTBEAT_ACK;

    private final BackendConnections connections;

    SctpTracker(BackendConnections connections) {
        this.connections = connections;
    }

    /** Returns whether a packet with this first chunk may begin an entry. */
    static boolean opens(int chunk) {
        return chunk == Sctp.INIT
                || chunk == Sctp.HEARTBEAT
                || chunk == Sctp.HEARTBEAT_ACK
                || chunk == Sctp.SHUTDOWN_ACK;
    }

    /** Checks a packet against the association and moves it on. Returns one of {@link Conntrack}'s or {@link Tracker}'s results. */
    int track(
            ConntrackWorker worker, long entry, int direction, int state, MemorySegment frames, long l4, int l4Length) {
        long end = l4 + l4Length;
        int types = types(frames, l4 + Sctp.HEADER_LENGTH, end);
        int tag = Sctp.verificationTag(frames, l4);
        if (types == 0 || (types & OWN_RULES) == 0 && tag != tag(entry, direction)) {
            return refuse(state);
        }
        if (state == SctpState.CLOSED
                && types == 1 << Sctp.INIT
                && direction == 0
                && (Entry.status(entry) & Entry.SEEN_REPLY) != 0) {
            return Conntrack.TRACK_REOPEN;
        }
        int next = state;
        boolean uncertain = false;
        long chunk = l4 + Sctp.HEADER_LENGTH;
        for (int i = 0; i < CHUNKS_LIMIT && chunk + Sctp.CHUNK_HEADER_LENGTH <= end; i++) {
            int checked = check(entry, direction, next, types, tag, frames, chunk, end);
            if (checked == Conntrack.TRACK_INVALID) {
                return refuse(state);
            }
            if (checked == Conntrack.TRACK_OK) {
                next = SctpState.next(direction, Sctp.chunkType(frames, chunk), next);
            } else {
                uncertain = true;
            }
            chunk += Sctp.chunkLength(frames, chunk) + 3 & ~3;
        }
        return accept(worker, entry, state, next, types, uncertain);
    }

    private static int refuse(int state) {
        return state == SctpState.NONE ? Tracker.REFUSED : Conntrack.TRACK_INVALID;
    }

    private int accept(ConntrackWorker worker, long entry, int state, int next, int types, boolean uncertain) {
        if (next != state && !connections.changeState(worker, entry, state, next)) {
            return Tracker.AGAIN;
        }
        if (next == SctpState.ESTABLISHED) {
            Entry.addStatus(entry, Entry.ASSURED);
        }
        // A client that goes on asking must not keep an entry whose backend does not answer.
        boolean repeated = types == 1 << Sctp.INIT && state == SctpState.CLOSED;
        return repeated || uncertain ? Tracker.PASS : Conntrack.TRACK_OK;
    }

    /** Returns a bit for each type of chunk in a packet (those above 31 in bit 31), 0 if they do not belong together. */
    private static int types(MemorySegment frames, long firstChunk, long end) {
        int types = 0;
        boolean alone = false;
        long chunk = firstChunk;
        for (int i = 0; i < CHUNKS_LIMIT && chunk + Sctp.CHUNK_HEADER_LENGTH <= end; i++) {
            int type = Sctp.chunkType(frames, chunk);
            int length = Sctp.chunkLength(frames, chunk);
            boolean first = type == Sctp.COOKIE_ECHO || type == Sctp.COOKIE_ACK;
            alone |= type == Sctp.INIT || type == Sctp.INIT_ACK || type == Sctp.SHUTDOWN_COMPLETE;
            if (length < Sctp.CHUNK_HEADER_LENGTH || i > 0 && (first || alone)) {
                return 0;
            }
            types |= 1 << Math.min(type, 31);
            chunk += length + 3 & ~3;
        }
        return types;
    }

    private int check(
            long entry, int direction, int state, int types, int tag, MemorySegment frames, long chunk, long end) {
        int type = Sctp.chunkType(frames, chunk);
        if (SctpState.next(direction, type, state) == SctpState.INVALID) {
            return Conntrack.TRACK_INVALID;
        }
        boolean fits =
                switch (type) {
                    case Sctp.INIT ->
                        tag == 0 && chunk + Sctp.INIT_LENGTH <= end && init(entry, direction, frames, chunk);
                    case Sctp.INIT_ACK -> chunk + Sctp.INIT_LENGTH <= end && initAck(entry, direction, frames, chunk);
                    case Sctp.ABORT, Sctp.SHUTDOWN_COMPLETE ->
                        ends(entry, direction, tag, Sctp.chunkFlags(frames, chunk));
                    case Sctp.COOKIE_ECHO -> tag == tag(entry, direction);
                    case Sctp.SHUTDOWN_ACK -> state != SctpState.NONE || outOfTheBlue(entry, tag);
                    case Sctp.COOKIE_ACK -> cookieAck(entry);
                    default -> state != SctpState.NONE || opens(type);
                };
        if (fits && (type == Sctp.HEARTBEAT || type == Sctp.HEARTBEAT_ACK)) {
            return heartbeat(entry, direction, type, types, tag);
        }
        return fits ? Conntrack.TRACK_OK : Conntrack.TRACK_INVALID;
    }

    /** An INIT says which tag it wants to see in the other direction. */
    private boolean init(long entry, int direction, MemorySegment frames, long chunk) {
        int flags = flags(entry);
        if ((flags & 3 * INIT_SEEN) == 3 * INIT_SEEN) {
            flags &= ~(INIT_SEEN << 1 - direction);
        }
        flags(entry, flags | INIT_SEEN << direction);
        tag(entry, 1 - direction, Sctp.initiateTag(frames, chunk));
        return true;
    }

    private boolean cookieAck(long entry) {
        flags(entry, flags(entry) & ~(3 * INIT_SEEN));
        return true;
    }

    private boolean ends(long entry, int direction, int tag, int chunkFlags) {
        boolean reflected = (chunkFlags & Sctp.FLAG_REFLECTED_TAG) != 0;
        return tag == tag(entry, reflected ? 1 - direction : direction);
    }

    /** The end of an association that is older than the table: it is answered with the same tag (RFC 9260 section 8.4). */
    private boolean outOfTheBlue(long entry, int tag) {
        tag(entry, 0, tag);
        tag(entry, 1, tag);
        return true;
    }

    /** An INIT ACK does so too; where both sides sent an INIT it must repeat the tag. */
    private boolean initAck(long entry, int direction, MemorySegment frames, long chunk) {
        int wanted = Sctp.initiateTag(frames, chunk);
        int known = tag(entry, 1 - direction);
        boolean ownInit = (flags(entry) & INIT_SEEN << direction) != 0;
        boolean peerInit = (flags(entry) & INIT_SEEN << 1 - direction) != 0;
        if (known != wanted && (!peerInit && known != 0 || ownInit && peerInit)) {
            return false;
        }
        tag(entry, 1 - direction, wanted);
        return true;
    }

    /** On a path that is new to us a HEARTBEAT tells the tag; where it contradicts what we know, its answer decides. */
    private int heartbeat(long entry, int direction, int type, int types, int tag) {
        int flags = flags(entry);
        int known = tag(entry, direction);
        if (known == 0) {
            tag(entry, direction, tag);
            return Conntrack.TRACK_OK;
        }
        if (known == tag) {
            flags(entry, flags & ~HEARTBEAT_FAILED);
            return Conntrack.TRACK_OK;
        }
        if ((types & 1 << Sctp.DATA) != 0) {
            return Conntrack.TRACK_INVALID;
        }
        if (type == Sctp.HEARTBEAT) {
            flags(entry, flags & ~HEARTBEAT_REPLY | HEARTBEAT_FAILED | (direction == 1 ? HEARTBEAT_REPLY : 0));
            return Tracker.PASS;
        }
        boolean answers = (flags & HEARTBEAT_FAILED) != 0 && ((flags & HEARTBEAT_REPLY) != 0) == (direction == 0);
        if (!answers) {
            return Conntrack.TRACK_INVALID;
        }
        flags(entry, flags & ~HEARTBEAT_FAILED);
        tag(entry, direction, tag);
        tag(entry, 1 - direction, 0);
        return Conntrack.TRACK_OK;
    }

    private int tag(long entry, int direction) {
        return NativeMemory.getInt(entry + Entry.SCTP_TAGS + direction * 4L);
    }

    private void tag(long entry, int direction, int tag) {
        NativeMemory.setInt(entry + Entry.SCTP_TAGS + direction * 4L, tag);
    }

    private int flags(long entry) {
        return NativeMemory.getInt(entry + Entry.SCTP_FLAGS);
    }

    private void flags(long entry, int flags) {
        NativeMemory.setInt(entry + Entry.SCTP_FLAGS, flags);
    }
}
