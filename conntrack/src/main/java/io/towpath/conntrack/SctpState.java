package io.towpath.conntrack;

import io.towpath.wire.Sctp;

/**
 * The SCTP state table of connection tracking: net/netfilter/nf_conntrack_proto_sctp.c, {@code sctp_conntracks}. States are those of the
 * association as a middlebox sees it, not of an end.
 */
final class SctpState {
    static final int NONE = 0;
    /** An INIT was seen, or the association is over. */
    static final int CLOSED = 1;
    /** An INIT ACK was seen. */
    static final int COOKIE_WAIT = 2;

    static final int COOKIE_ECHOED = 3;
    static final int ESTABLISHED = 4;
    /** SHUTDOWN in the original direction. */
    static final int SHUTDOWN_SENT = 5;
    /** SHUTDOWN in the reply direction. */
    static final int SHUTDOWN_RECD = 6;

    static final int SHUTDOWN_ACK_SENT = 7;
    /** A further path of an association that we do not know. */
    static final int HEARTBEAT_SENT = 8;

    /** Not a state: the chunk fits none. */
    static final int INVALID = 9;

    private static final String[] NAMES = {
        "NONE",
        "CLOSED",
        "COOKIE_WAIT",
        "COOKIE_ECHOED",
        "ESTABLISHED",
        "SHUTDOWN_SENT",
        "SHUTDOWN_RECD",
        "SHUTDOWN_ACK_SENT",
        "HEARTBEAT_SENT"
    };

    private static final int STATES = 9;

    /** Chunk types that move an association on, in the order of the table's lines. */
    private static final int[] CHUNKS = {
        Sctp.INIT,
        Sctp.INIT_ACK,
        Sctp.ABORT,
        Sctp.SHUTDOWN,
        Sctp.SHUTDOWN_ACK,
        Sctp.ERROR,
        Sctp.COOKIE_ECHO,
        Sctp.COOKIE_ACK,
        Sctp.SHUTDOWN_COMPLETE,
        Sctp.HEARTBEAT,
        Sctp.HEARTBEAT_ACK
    };

    private static final int TYPES = Sctp.SHUTDOWN_COMPLETE + 1;

    /** By direction, chunk, state: one letter a state, in the order of the constants above. */
    private static final String[][] TABLE = {
        {
            "CCWKECCAW",
            "CCWKESRAC",
            "CCCCCCCCC",
            "CCWKSSRAC",
            "ACWKEAAAA",
            "CCWKESRAC",
            "CCKKESRAC",
            "CCWEESRAC",
            "CCWKESRCC",
            "HCWKESRAH",
            "CCWKESRAH"
        },
        {
            "xCWKESRAx",
            "xWWKESRAx",
            "xCCCCCCCx",
            "xCWKRSRAx",
            "xCWKEAAAx",
            "xCWCESRAx",
            "xCKKESRAx",
            "xCWEESRAx",
            "xCWKESRCx",
            "xCWKESRAH",
            "xCWKESRAE"
        }
    };

    private static final String LETTERS = "nCWKESRAHx";

    private static final byte[] NEXT = new byte[2 * TYPES * STATES];

    static {
        for (int direction = 0; direction < 2; direction++) {
            for (int state = 0; state < STATES; state++) {
                for (int type = 0; type < TYPES; type++) {
                    NEXT[index(direction, type, state)] = (byte) state;
                }
                for (int line = 0; line < CHUNKS.length; line++) {
                    char letter = TABLE[direction][line].charAt(state);
                    NEXT[index(direction, CHUNKS[line], state)] = (byte) LETTERS.indexOf(letter);
                }
            }
        }
    }

    private SctpState() {}

    private static int index(int direction, int type, int state) {
        return (direction * TYPES + type) * STATES + state;
    }

    /** Returns the next state, the same for chunks that say nothing about it, or {@link #INVALID}. */
    static int next(int direction, int type, int state) {
        return type < TYPES ? NEXT[index(direction, type, state)] : state;
    }

    static String name(int state) {
        return state < STATES ? NAMES[state] : "GONE";
    }
}
