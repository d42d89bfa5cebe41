package io.towpath.nat;

/** How a backend is chosen for a new connection. */
public enum Scheduler {
    /** Each backend with the same probability, as kube-proxy does. */
    RANDOM,
    /** Maglev hash of the client's address and port: the same choice on every node. */
    MH
}
