package io.towpath.nat;

/** How a backend is chosen for a new connection; all but random as IPVS names them (net/netfilter/ipvs). */
public enum Scheduler {
    /** Each backend with the same probability, as kube-proxy's nftables mode does. */
    RANDOM,
    /** Round robin. */
    RR,
    /** Round robin in proportion to the weights. */
    WRR,
    /** Least connections. */
    LC,
    /** Least connections in proportion to the weights. */
    WLC,
    /** Hash of the client's address: the same choice on every node. */
    SH,
    /** Hash of the virtual address: the same choice on every node. */
    DH,
    /** Maglev hash of the client's address and port: the same choice on every node. */
    MH,
    /** Shortest expected delay. */
    SED,
    /** An idle backend at once, else shortest expected delay. */
    NQ;

    /** Returns whether each choice moves on what the next one is. */
    boolean takesTurns() {
        return this == RR || this == WRR;
    }

    /** Returns whether a choice depends on which connections there are. */
    boolean countsConnections() {
        return switch (this) {
            case LC, WLC, SED, NQ -> true;
            case RANDOM, RR, WRR, SH, DH, MH -> false;
        };
    }
}
