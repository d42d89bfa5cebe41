package io.towpath.conntrack;

import io.towpath.packet.FiveTuple;
import java.lang.foreign.MemorySegment;

/** Idle time after which an entry expires, by protocol and state. */
final class Timeouts {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long ICMP_SECONDS = 30;
    private static final long GENERIC_SECONDS = 600;
    // nf_conntrack_proto_sctp.c
    private static final long SCTP_OPENING_SECONDS = 3;
    private static final long SCTP_ESTABLISHED_SECONDS = 210;

    private final long[] tcpNs;
    private final long udpNs;
    private final long udpStreamNs;

    Timeouts(ConntrackConfig config) {
        tcpNs = new long[] {
            10 * SECOND_NS,
            120 * SECOND_NS,
            60 * SECOND_NS,
            config.tcpEstablishedSeconds() * SECOND_NS,
            120 * SECOND_NS,
            config.tcpCloseWaitSeconds() * SECOND_NS,
            30 * SECOND_NS,
            120 * SECOND_NS,
            10 * SECOND_NS,
            120 * SECOND_NS
        };
        udpNs = config.udpSeconds() * SECOND_NS;
        udpStreamNs = config.udpStreamSeconds() * SECOND_NS;
    }

    /** Returns whether an entry was idle for too long; what is being removed was not. */
    boolean expired(MemorySegment entries, long entry, long nowNs) {
        int protocol = FiveTuple.protocol(Entry.transport(entries, entry));
        int state = Entry.state(entries, entry);
        long timeoutNs = protocol == Entry.AFFINITY_TEMPLATE
                ? Entry.templateTimeoutSeconds(entries, entry) * SECOND_NS
                : state == Entry.GONE ? Long.MAX_VALUE : ns(protocol, state, Entry.status(entries, entry));
        return nowNs - Entry.lastSeenNs(entries, entry) > timeoutNs;
    }

    private long ns(int protocol, int state, int status) {
        return switch (protocol) {
            case FiveTuple.TCP -> tcpNs[state];
            case FiveTuple.UDP -> (status & Entry.ASSURED) != 0 ? udpStreamNs : udpNs;
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> ICMP_SECONDS * SECOND_NS;
            case FiveTuple.SCTP ->
                (state == SctpTracker.ESTABLISHED ? SCTP_ESTABLISHED_SECONDS : SCTP_OPENING_SECONDS) * SECOND_NS;
            default -> GENERIC_SECONDS * SECOND_NS;
        };
    }
}
