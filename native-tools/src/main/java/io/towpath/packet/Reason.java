package io.towpath.packet;

import java.util.List;
import java.util.Locale;

/**
 * Why a packet got its verdict. Every packet ends with exactly one of these, and each has a packet and a byte counter whose number is
 * the {@link #ordinal()}: new reasons are added at the end. {@code docs/counters.md} says when each moves.
 */
public enum Reason {
    /** Not decided yet; never counted. */
    NONE(Verdict.DROP),

    ROUTED(Verdict.FORWARD),
    SERVICE(Verdict.FORWARD),
    SERVICE_REPLY(Verdict.FORWARD),
    ICMP_ERROR_TRANSLATED(Verdict.FORWARD),

    ARP_REPLY(Verdict.REPLY),
    NEIGHBOR_ADVERTISEMENT(Verdict.REPLY),
    ECHO_REPLY(Verdict.REPLY),

    NEIGHBOR_LEARNED(Verdict.CONSUME),

    NO_ENDPOINTS(Verdict.REJECT),
    SERVICE_PORT_UNKNOWN(Verdict.REJECT),
    HOP_LIMIT_EXCEEDED(Verdict.REJECT),
    PACKET_TOO_BIG(Verdict.REJECT),
    NO_ROUTE(Verdict.REJECT),
    NEIGHBOR_UNREACHABLE(Verdict.REJECT),
    LOCAL_PORT_CLOSED(Verdict.REJECT),
    MASQUERADE_PORTS_EXHAUSTED(Verdict.REJECT),

    FRAME_TRUNCATED(Verdict.DROP),
    FRAME_NOT_FOR_US(Verdict.DROP),
    VLAN_UNEXPECTED(Verdict.DROP),
    ETHERTYPE_UNKNOWN(Verdict.DROP),
    ARP_INVALID(Verdict.DROP),
    NEIGHBOR_MESSAGE_INVALID(Verdict.DROP),
    IP_HEADER_INVALID(Verdict.DROP),
    IP_CHECKSUM_WRONG(Verdict.DROP),
    IPV6_EXTENSION_INVALID(Verdict.DROP),
    L4_HEADER_INVALID(Verdict.DROP),
    FRAGMENT_UNSUPPORTED(Verdict.DROP),
    SOURCE_ADDRESS_INVALID(Verdict.DROP),
    MULTICAST_UNSUPPORTED(Verdict.DROP),
    LINK_LOCAL_NOT_FORWARDED(Verdict.DROP),
    CONNTRACK_INVALID(Verdict.DROP),
    CONNTRACK_FULL(Verdict.DROP),
    CONNTRACK_CONTENDED(Verdict.DROP),
    ICMP_ERROR_UNRELATED(Verdict.DROP),
    ICMP_ERROR_INVALID(Verdict.DROP),
    NO_LOCAL_ENDPOINTS(Verdict.DROP),
    SOURCE_NOT_ALLOWED(Verdict.DROP),
    SERVICE_ADDRESS_UNALLOCATED(Verdict.DROP),
    ICMP_RATE_LIMITED(Verdict.DROP),
    UNANSWERABLE(Verdict.DROP),
    NEIGHBOR_QUEUE_FULL(Verdict.DROP),
    EGRESS_FULL(Verdict.DROP),
    EGRESS_FAILED(Verdict.DROP),
    BUFFERS_EXHAUSTED(Verdict.DROP),

    /** Not final: the count falls again when the fragment's packet is complete or given up, and the fragment then counts by what became of it. */
    FRAGMENT_HELD(Verdict.CONSUME),
    FRAGMENT_INVALID(Verdict.DROP),
    FRAGMENT_TINY(Verdict.DROP),
    FRAGMENT_DUPLICATE(Verdict.DROP),
    FRAGMENT_CONFLICT(Verdict.DROP),
    FRAGMENT_TOO_MANY(Verdict.DROP),
    FRAGMENT_TIMED_OUT(Verdict.DROP),
    FRAGMENT_EVICTED(Verdict.DROP),
    ICMP_REDIRECT_TRANSLATED(Verdict.DROP),
    VNET_HEADER_INVALID(Verdict.DROP);

    private static final Reason[] BY_ORDINAL = values();

    /** All reasons by ordinal; {@code values()} would allocate. */
    public static final List<Reason> ALL = List.of(BY_ORDINAL);

    private static final int VERDICT_SHIFT = 8;
    private static final int ORDINAL_MASK = (1 << VERDICT_SHIFT) - 1;

    private final Verdict verdict;
    /** Verdict and ordinal in one int, as a {@link Burst} keeps it. */
    final int code;

    Reason(Verdict verdict) {
        this.verdict = verdict;
        this.code = verdict.ordinal() << VERDICT_SHIFT | ordinal();
    }

    static Reason of(int code) {
        return BY_ORDINAL[code & ORDINAL_MASK];
    }

    public static Reason ofOrdinal(int ordinal) {
        return BY_ORDINAL[ordinal];
    }

    static boolean isForward(int code) {
        return code >>> VERDICT_SHIFT == Verdict.FORWARD.ordinal();
    }

    public Verdict verdict() {
        return verdict;
    }

    /** Returns the name in counters and output, such as {@code no-endpoints}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
