package io.towpath.packet;

/** What the parse stage found in a frame. Ints, as they stand in a {@link Burst}. */
public final class FlowKind {
    /** Dropped by the parser; the reason is set. */
    public static final int INVALID = 0;
    /** IP with a five-tuple: TCP, UDP, SCTP or an ICMP echo message. */
    public static final int FLOW = 1;
    /** ICMP or ICMPv6 error that quotes a packet. */
    public static final int ICMP_ERROR = 2;
    /** Other IP: forwarded by address where routing says so, never translated. */
    public static final int OTHER_IP = 3;
    /** ARP for IPv4 over Ethernet. */
    public static final int ARP = 4;
    /** Neighbor solicitation or advertisement, and the other link-scope ICMPv6 messages. */
    public static final int NEIGHBOR = 5;
    /** Part of an IP packet. */
    public static final int FRAGMENT = 6;

    /** Bits of a kind; a {@link Burst} keeps more beside them. */
    static final int MASK = 0xFF;

    /** Beside {@link #FLOW}: {@link Burst#isPlainIpv4}. */
    static final int PLAIN_IPV4 = 1 << 8;
    /** Beside {@link #FLOW}: {@link Burst#isPlainIpv6}. */
    static final int PLAIN_IPV6 = 1 << 9;

    private FlowKind() {}
}
