package io.towpath.packet;

/** What became of a packet. */
public enum Verdict {
    /** Sent on, translated or not. */
    FORWARD,
    /** Answered on behalf of one of our own addresses (ARP, neighbor discovery, echo). */
    REPLY,
    /** Not sent on, and its sender was told so by an ICMP error. */
    REJECT,
    /** Taken in: it was for us and needs no answer. */
    CONSUME,
    /** Discarded silently. */
    DROP
}
