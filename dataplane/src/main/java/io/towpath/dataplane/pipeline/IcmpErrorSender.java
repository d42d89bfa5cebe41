package io.towpath.dataplane.pipeline;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.SeededHash;
import io.towpath.packet.Burst;
import io.towpath.packet.IcmpErrors;
import io.towpath.packet.Reason;
import io.towpath.wire.Icmp;
import io.towpath.wire.Icmpv6;

/**
 * Answers rejected packets with ICMP errors, at a bounded rate per destination (RFC 4443 section 2.4(f), RFC 1812 section 4.3.2.8). Those
 * that path MTU discovery needs are exempt, as with Linux ({@code icmp_ratemask}, {@code icmp/ratemask}): a sender that misses one loses
 * every packet after it, and each answers a packet that is no smaller than itself. One per worker.
 */
public final class IcmpErrorSender {
    /** Errors that one destination gets per second in the long run, and at once. */
    private static final int PER_SECOND = 10;

    private static final int AT_ONCE = 10;
    /** Destinations share buckets by hash: bounded memory, at the price of a rare shared limit. */
    private static final int BUCKETS = 1024;

    private static final long INTERVAL_NS = 1_000_000_000L / PER_SECOND;

    private final FramePool pool;
    private final SeededHash hash;
    /** Time at which a bucket will have no debt: a token bucket in one word (GCRA). */
    private final long[] paidAtNs = new long[BUCKETS];

    /** @param seed secret, so that nobody can use up another one's bucket on purpose */
    public IcmpErrorSender(FramePool pool, long seed) {
        this.pool = pool;
        this.hash = new SeededHash(seed);
        java.util.Arrays.fill(paidAtNs, Long.MIN_VALUE / 2);
    }

    /**
     * Sends the error that a frame's reason stands for, out of the port it came in by. What cannot be answered becomes a drop.
     *
     * @param sourceHi address that the error comes from
     * @param mtu of the way on, for {@link Reason#PACKET_TOO_BIG}
     */
    public void send(Burst burst, int i, Port port, long sourceHi, long sourceLo, int mtu, long nowNs) {
        if (!IcmpErrors.mayAnswer(burst, i)) {
            burst.reason(i, Reason.UNANSWERABLE);
            return;
        }
        if (burst.reason(i) != Reason.PACKET_TOO_BIG && !mayPay(burst.sourceHi(i), burst.sourceLo(i), nowNs)) {
            burst.reason(i, Reason.ICMP_RATE_LIMITED);
            return;
        }
        int buffer = pool.take();
        if (buffer < 0) {
            burst.reason(i, Reason.BUFFERS_EXHAUSTED);
            return;
        }
        long out = FramePool.l2(buffer);
        int length = write(burst, i, burst.reason(i), out, sourceHi, sourceLo, mtu);
        if (!port.enqueue(buffer, out, length, Reason.NONE)) {
            pool.give(buffer);
            burst.reason(i, Reason.EGRESS_FULL);
        }
    }

    /**
     * Writes the error that a reason stands for to {@code out} in the burst's memory, without sending it. Returns the frame's length.
     *
     * @param out start of the Ethernet header
     */
    public static int write(Burst burst, int i, Reason why, long out, long sourceHi, long sourceLo, int mtu) {
        boolean ipv4 = burst.isIpv4(i);
        int type;
        int code;
        switch (why) {
            case HOP_LIMIT_EXCEEDED -> {
                type = ipv4 ? Icmp.TIME_EXCEEDED : Icmpv6.TIME_EXCEEDED;
                code = 0;
            }
            case MASQUERADE_PORTS_EXHAUSTED -> { // RFC 5508 REQ-8
                type = ipv4 ? Icmp.DESTINATION_UNREACHABLE : Icmpv6.DESTINATION_UNREACHABLE;
                code = ipv4 ? Icmp.ADMINISTRATIVELY_PROHIBITED : Icmpv6.ADMINISTRATIVELY_PROHIBITED;
            }
            case PACKET_TOO_BIG -> {
                type = ipv4 ? Icmp.DESTINATION_UNREACHABLE : Icmpv6.PACKET_TOO_BIG;
                code = ipv4 ? Icmp.FRAGMENTATION_NEEDED : 0;
            }
            case NO_ROUTE -> {
                type = ipv4 ? Icmp.DESTINATION_UNREACHABLE : Icmpv6.DESTINATION_UNREACHABLE;
                code = ipv4 ? Icmp.NET_UNREACHABLE : Icmpv6.NO_ROUTE;
            }
            case NEIGHBOR_UNREACHABLE -> {
                type = ipv4 ? Icmp.DESTINATION_UNREACHABLE : Icmpv6.DESTINATION_UNREACHABLE;
                code = ipv4 ? Icmp.HOST_UNREACHABLE : Icmpv6.ADDRESS_UNREACHABLE;
            }
            default -> {
                type = ipv4 ? Icmp.DESTINATION_UNREACHABLE : Icmpv6.DESTINATION_UNREACHABLE;
                code = ipv4 ? Icmp.PORT_UNREACHABLE : Icmpv6.PORT_UNREACHABLE;
            }
        }
        int parameter = why == Reason.PACKET_TOO_BIG ? mtu : 0;
        return IcmpErrors.write(burst, i, burst.frames, out, sourceHi, sourceLo, type, code, parameter);
    }

    /** Returns whether a destination may get another error now, and counts it. */
    public boolean mayPay(long hi, long lo, long nowNs) {
        int bucket = (int) hash.of(hi, lo, 0) & BUCKETS - 1;
        long paidAt = Math.max(paidAtNs[bucket], nowNs);
        if (paidAt - nowNs > (AT_ONCE - 1) * INTERVAL_NS) {
            return false;
        }
        paidAtNs[bucket] = paidAt + INTERVAL_NS;
        return true;
    }
}
