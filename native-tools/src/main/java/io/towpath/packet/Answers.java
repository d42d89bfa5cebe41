package io.towpath.packet;

import io.towpath.wire.Arp;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Icmp;
import io.towpath.wire.Icmpv6;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.NeighborDiscovery;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** Frames that a router sends on its own account: echo replies, ARP and neighbor discovery. Allocates nothing. */
public final class Answers {
    /** Bytes of a neighbor discovery frame, the longest of the fixed-size ones. */
    public static final int DISCOVERY_LENGTH =
            Ethernet.HEADER_LENGTH + Ipv6.HEADER_LENGTH + NeighborDiscovery.LENGTH_WITH_MAC;

    public static final int ARP_LENGTH = Ethernet.HEADER_LENGTH + Arp.LENGTH;

    private static final int HOP_LIMIT = 64;

    private Answers() {}

    /** Turns the echo request of frame {@code i} into its reply, in place, MAC addresses swapped. A wrong checksum stays wrong. */
    public static void echo(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        swapMacs(frames, burst.l2(i));
        long l3 = burst.l3(i);
        long l4 = burst.l4(i);
        boolean ipv4 = burst.isIpv4(i);
        int oldType = Icmp.type(frames, l4) << 8;
        int newType = (ipv4 ? Icmp.ECHO_REPLY : Icmpv6.ECHO_REPLY) << 8;
        Bytes.u8(frames, l4, newType >>> 8);
        // Swapped addresses leave every sum as it was.
        Icmp.checksum(frames, l4, Checksum.apply(Icmp.checksum(frames, l4), Checksum.delta16(oldType, newType)));
        if (ipv4) {
            int source = Ipv4.source(frames, l3);
            Ipv4.source(frames, l3, Ipv4.destination(frames, l3));
            Ipv4.destination(frames, l3, source);
            int old = Ipv4.ttl(frames, l3) << 8;
            Bytes.u8(frames, l3 + 8, HOP_LIMIT);
            Ipv4.checksum(frames, l3, Checksum.apply(Ipv4.checksum(frames, l3), Checksum.delta16(old, HOP_LIMIT << 8)));
        } else {
            Ipv6.source(frames, l3, burst.destinationHi(i), burst.destinationLo(i));
            Ipv6.destination(frames, l3, burst.sourceHi(i), burst.sourceLo(i));
            Bytes.u8(frames, l3 + 7, HOP_LIMIT);
        }
    }

    /** Swaps source and destination of an Ethernet header. */
    public static void swapMacs(MemorySegment frames, long l2) {
        Ethernet.addresses(frames, l2, Ethernet.source(frames, l2), Ethernet.destination(frames, l2));
    }

    /** Writes an ARP message as a whole frame; a request goes to broadcast. Returns its length. */
    public static int arp(
            MemorySegment out, long l2, int operation, long ourMac, int ourAddress, long theirMac, int theirAddress) {
        VnetHeader.clear(out, l2);
        Ethernet.addresses(out, l2, operation == Arp.REQUEST ? Ethernet.BROADCAST : theirMac, ourMac);
        Ethernet.type(out, l2, Ethernet.TYPE_ARP);
        Arp.write(out, l2 + Ethernet.HEADER_LENGTH, operation, ourMac, ourAddress, theirMac, theirAddress);
        return ARP_LENGTH;
    }

    /** Writes a neighbor solicitation for an address to its solicited-node group. Returns the frame's length. */
    public static int solicitation(
            MemorySegment out, long l2, long ourMac, long ourHi, long ourLo, long targetHi, long targetLo) {
        long groupHi = NeighborDiscovery.solicitedNodeHi();
        long groupLo = NeighborDiscovery.solicitedNodeLo(targetLo);
        Ethernet.addresses(out, l2, NeighborDiscovery.multicastMac(groupLo), ourMac);
        return discovery(
                out, l2, Icmpv6.NEIGHBOR_SOLICITATION, 0, ourMac, ourHi, ourLo, groupHi, groupLo, targetHi, targetLo);
    }

    /** Writes the advertisement of one of our addresses to one neighbor. Returns the frame's length. */
    public static int advertisement(
            MemorySegment out,
            long l2,
            long ourMac,
            long ourHi,
            long ourLo,
            long theirMac,
            long theirHi,
            long theirLo) {
        Ethernet.addresses(out, l2, theirMac, ourMac);
        int flags = NeighborDiscovery.ROUTER | NeighborDiscovery.SOLICITED | NeighborDiscovery.OVERRIDE;
        return discovery(
                out, l2, Icmpv6.NEIGHBOR_ADVERTISEMENT, flags, ourMac, ourHi, ourLo, theirHi, theirLo, ourHi, ourLo);
    }

    private static int discovery(
            MemorySegment out,
            long l2,
            int type,
            int flags,
            long ourMac,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long targetHi,
            long targetLo) {
        VnetHeader.clear(out, l2);
        Ethernet.type(out, l2, Ethernet.TYPE_IPV6);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        long l4 = l3 + Ipv6.HEADER_LENGTH;
        int length = NeighborDiscovery.LENGTH_WITH_MAC;
        Ipv6.write(out, l3, length, FiveTuple.ICMPV6, NeighborDiscovery.HOP_LIMIT);
        Ipv6.source(out, l3, sourceHi, sourceLo);
        Ipv6.destination(out, l3, destinationHi, destinationLo);
        NeighborDiscovery.write(out, l4, type, flags, targetHi, targetLo, ourMac);
        long sum = Checksum.sum(out, l4, length)
                + Checksum.pseudoHeader(sourceHi, sourceLo, destinationHi, destinationLo, FiveTuple.ICMPV6, length);
        Icmp.checksum(out, l4, Checksum.finish(sum));
        return DISCOVERY_LENGTH;
    }
}
