package io.towpath.conntrack;

import io.towpath.wire.Sctp;

/** SCTP association state from the first chunk of each packet: opening, established, closing (net/netfilter/nf_conntrack_proto_sctp.c). */
final class SctpTracker {
    static final int OPENING = 0;
    static final int ESTABLISHED = 1;
    static final int CLOSING = 2;

    private SctpTracker() {}

    static boolean opens(int chunk) {
        return chunk != Sctp.ABORT && chunk != Sctp.SHUTDOWN_COMPLETE;
    }

    static int next(int state, int chunk) {
        return switch (chunk) {
            case Sctp.ABORT, Sctp.SHUTDOWN, Sctp.SHUTDOWN_ACK, Sctp.SHUTDOWN_COMPLETE -> CLOSING;
            case Sctp.INIT -> OPENING;
            case Sctp.COOKIE_ACK -> ESTABLISHED;
            default -> state;
        };
    }
}
