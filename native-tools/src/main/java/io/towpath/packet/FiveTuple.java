package io.towpath.packet;

/**
 * The transport word of a five-tuple: {@code sourcePort << 48 | destinationPort << 32 | protocol}. With source and destination address
 * (two longs each) it makes a five-tuple of five longs, held in locals on the packet path.
 *
 * <p>ICMP echo has one identifier, not two ports: a request carries it as source port with destination port 0, a reply the other way
 * round, so that {@link #reverse} maps one to the other.
 */
public final class FiveTuple {
    public static final int ICMP = 1;
    public static final int TCP = 6;
    public static final int UDP = 17;
    public static final int ICMPV6 = 58;
    public static final int SCTP = 132;

    private FiveTuple() {}

    public static long transport(int sourcePort, int destinationPort, int protocol) {
        return (long) sourcePort << 48 | (long) destinationPort << 32 | protocol;
    }

    /** @param ports {@code sourcePort << 16 | destinationPort} */
    public static long transport(int ports, int protocol) {
        return (long) ports << 32 | protocol;
    }

    /** Returns {@code sourcePort << 16 | destinationPort}. */
    public static int ports(long transport) {
        return (int) (transport >>> 32);
    }

    /**
     * Returns {@code source << 32 | destination}, as they stand in an IPv4 header.
     *
     * @param sourceLo low half of a v4-mapped address
     */
    public static long ipv4Addresses(long sourceLo, long destinationLo) {
        return sourceLo << 32 | destinationLo & 0xFFFF_FFFFL;
    }

    /** Returns the transport word of the other direction. */
    public static long reverse(long transport) {
        return transport << 16 & 0xFFFF_0000_0000_0000L
                | transport >>> 16 & 0x0000_FFFF_0000_0000L
                | transport & 0xFFFF_FFFFL;
    }

    public static int sourcePort(long transport) {
        return (int) (transport >>> 48);
    }

    public static int destinationPort(long transport) {
        return (int) (transport >>> 32) & 0xFFFF;
    }

    public static int protocol(long transport) {
        return (int) transport & 0xFF;
    }
}
