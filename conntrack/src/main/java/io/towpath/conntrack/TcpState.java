package io.towpath.conntrack;

import io.towpath.wire.Tcp;

/**
 * The TCP state table of connection tracking: net/netfilter/nf_conntrack_proto_tcp.c, {@code tcp_conntracks}. States are those of the
 * connection as a middlebox sees it, not of an end.
 */
final class TcpState {
    static final int NONE = 0;
    static final int SYN_SENT = 1;
    static final int SYN_RECV = 2;
    static final int ESTABLISHED = 3;
    static final int FIN_WAIT = 4;
    static final int CLOSE_WAIT = 5;
    static final int LAST_ACK = 6;
    static final int TIME_WAIT = 7;
    static final int CLOSE = 8;
    /** Simultaneous open: a SYN from each side. */
    static final int SYN_SENT2 = 9;

    /** Not a state: the packet fits none. */
    static final int INVALID = 10;
    /** Not a state: the packet passes and changes nothing. */
    static final int IGNORE = 11;

    private static final String[] NAMES = {
        "NONE",
        "SYN_SENT",
        "SYN_RECV",
        "ESTABLISHED",
        "FIN_WAIT",
        "CLOSE_WAIT",
        "LAST_ACK",
        "TIME_WAIT",
        "CLOSE",
        "SYN_SENT2"
    };

    static final int KIND_SYN = 0;
    static final int KIND_SYN_ACK = 1;
    static final int KIND_FIN = 2;
    static final int KIND_ACK = 3;
    static final int KIND_RST = 4;
    static final int KIND_NONE = 5;

    private static final int STATES = 10;

    /** By direction, kind of segment, state: one letter a state, in the order of the constants above. */
    private static final String[][] TABLE = {
        {
            "sSiiiiiSS2", // SYN: opens, or opens anew after the end
            "xxRxxxxxxR", // SYN-ACK
            "xxFFLLLTCx", // FIN
            "ExEEWWTTCx", // ACK: also picks up a connection that is not known
            "xCCCCCCCCC", // RST
            "xxxxxxxxxx"
        },
        {
            "x2xxxxxSx2", // SYN: simultaneous open, or the other side opens anew
            "xRiiiiiiiR",
            "xxFFLLLTCx",
            "xiREWWTTCi",
            "xCCCCCCCCC",
            "xxxxxxxxxx"
        }
    };

    private static final String LETTERS = "nSREFWLTC2xi";

    private static final byte[] NEXT = new byte[2 * 6 * STATES];

    static {
        for (int direction = 0; direction < 2; direction++) {
            for (int kind = 0; kind < 6; kind++) {
                for (int state = 0; state < STATES; state++) {
                    char letter = TABLE[direction][kind].charAt(state);
                    NEXT[index(direction, kind, state)] = (byte) LETTERS.indexOf(letter == 's' ? 'S' : letter);
                }
            }
        }
    }

    private TcpState() {}

    private static int index(int direction, int kind, int state) {
        return (direction * 6 + kind) * STATES + state;
    }

    /** Returns the next state, {@link #INVALID} or {@link #IGNORE}. */
    static int next(int direction, int kind, int state) {
        return NEXT[index(direction, kind, state)];
    }

    /** Returns the kind of a segment by its flags. */
    static int kind(int flags) {
        if ((flags & Tcp.RST) != 0) {
            return KIND_RST;
        }
        if ((flags & Tcp.SYN) != 0) {
            return (flags & Tcp.ACK) != 0 ? KIND_SYN_ACK : KIND_SYN;
        }
        if ((flags & Tcp.FIN) != 0) {
            return KIND_FIN;
        }
        return (flags & Tcp.ACK) != 0 ? KIND_ACK : KIND_NONE;
    }

    static String name(int state) {
        return state < STATES ? NAMES[state] : "GONE";
    }
}
