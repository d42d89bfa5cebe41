package io.towpath.conntrack;

import io.towpath.packet.FiveTuple;
import java.util.Arrays;

/** Idle time after which an entry expires, by protocol and state. */
final class Timeouts {
    private static final long SECOND_NS = 1_000_000_000L;
    /** Entries' clocks go round in 52 days, and half of that is the past; what is configured longer than this is this. */
    private static final long LONGEST_NS = 24L * 24 * 3600 * SECOND_NS;

    private static final long ICMP_SECONDS = 30;
    private static final long GENERIC_SECONDS = 600;
    /** In the order of {@link SctpState}'s constants: nf_conntrack_proto_sctp.c. */
    private static final long[] SCTP_SECONDS = {10, 10, 3, 3, 210, 3, 3, 3, 30};
    /** nf_conntrack_tcp_timeout_max_retrans and nf_conntrack_tcp_timeout_unacknowledged. */
    private static final long TCP_STALLED_SECONDS = 300;
    /** Repeats of an ACK that mean a peer that does not answer: nf_conntrack_tcp_max_retrans. */
    private static final int TCP_REPEATS = 3;
    /** Session affinity can be asked for this short at least. */
    private static final long AFFINITY_SHORTEST_SECONDS = 1;

    private final long[] tcpNs;
    private final long udpNs;
    private final long udpStreamNs;
    /** No entry expires sooner, in ticks of {@link Entry}. */
    private final int shortestTicks;

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
        long tcpShortestNs = Arrays.stream(tcpNs).min().getAsLong();
        long sctpShortestNs = Arrays.stream(SCTP_SECONDS).min().getAsLong() * SECOND_NS;
        long shortestNs = Math.min(
                Math.min(tcpShortestNs, sctpShortestNs),
                Math.min(AFFINITY_SHORTEST_SECONDS * SECOND_NS, Math.min(udpNs, udpStreamNs)));
        shortestTicks = Entry.tick(Math.min(shortestNs, LONGEST_NS));
    }

    /** Returns whether an entry was idle for too long, a tick too late at most; what is being removed was not. */
    boolean expired(long entry, long nowNs) {
        if (isRecent(entry, Entry.tick(nowNs))) {
            return false;
        }
        int state = Entry.state(entry);
        return state != Entry.GONE && Entry.idleNs(entry, nowNs) > Math.min(ns(entry, state), LONGEST_NS);
    }

    /** Returns whether an entry was in use so lately that it is not expired, whatever its state. */
    boolean isRecent(long entry, int tick) {
        return tick - Entry.lastSeenTick(entry) <= shortestTicks;
    }

    private long ns(long entry, int state) {
        return switch (Entry.protocol(entry)) {
            case FiveTuple.TCP -> tcpNs(entry, state);
            case FiveTuple.UDP -> (Entry.status(entry) & Entry.ASSURED) != 0 ? udpStreamNs : udpNs;
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> ICMP_SECONDS * SECOND_NS;
            case FiveTuple.SCTP -> SCTP_SECONDS[state] * SECOND_NS;
            case Entry.AFFINITY_TEMPLATE -> Entry.templateTimeoutSeconds(entry) * SECOND_NS;
            default -> GENERIC_SECONDS * SECOND_NS;
        };
    }

    /** The state's time-out, and a shorter one where a side seems to be gone: nf_conntrack_proto_tcp.c, nf_conntrack_tcp_packet. */
    private long tcpNs(long entry, int state) {
        int last = TcpRecord.last(entry);
        int kind = TcpRecord.lastKind(last);
        if (kind == TcpState.KIND_RST) {
            return Math.min(tcpNs[state], tcpNs[TcpState.CLOSE]);
        }
        boolean answered = (Entry.status(entry) & Entry.SEEN_REPLY) != 0;
        boolean stalled = TcpRecord.lastRepeats(last) >= TCP_REPEATS
                || TcpRecord.isUnacknowledged(entry)
                || kind == TcpState.KIND_ACK && TcpRecord.lastWindow(last) == 0
                || state == TcpState.ESTABLISHED && !answered;
        return stalled ? Math.min(tcpNs[state], TCP_STALLED_SECONDS * SECOND_NS) : tcpNs[state];
    }
}
