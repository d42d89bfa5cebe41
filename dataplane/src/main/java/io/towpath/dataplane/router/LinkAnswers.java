package io.towpath.dataplane.router;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Answers;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Arp;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Icmpv6;
import io.towpath.wire.Ipv6;
import io.towpath.wire.NeighborDiscovery;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** ARP (RFC 826) and neighbor discovery (RFC 4861): answers for our own addresses, asks for others', learns from both. */
final class LinkAnswers {
    /** fe80::/64, RFC 4291 section 2.5.6. */
    private static final long LINK_LOCAL_HI = 0xFE80_0000_0000_0000L;

    /** A worker confirms one neighbor in this time at most: the control thread needs a cycle to take note, and packets come in the meantime. */
    private static final long CONFIRM_INTERVAL_NS = 10_000_000;

    private final List<RouterPort> networks;
    private final Port[] ports;
    private final Routes routes;
    private final Neighbors neighbors;
    private final FramePool pool;
    private final MemorySegment frames;
    private long nextConfirmNs = Long.MIN_VALUE / 2;

    LinkAnswers(List<RouterPort> networks, Port[] ports, Routes routes, Neighbors neighbors, FramePool pool) {
        this.networks = networks;
        this.ports = ports;
        this.routes = routes;
        this.neighbors = neighbors;
        this.pool = pool;
        this.frames = pool.frames();
    }

    /** Handles an ARP message; a request for one of our addresses becomes its reply, in place. */
    Reason onArp(Burst burst, int i, long nowNs) {
        int in = burst.ingress(i);
        RouterPort network = networks.get(in);
        long l3 = burst.l3(i);
        int sender = Arp.senderAddress(frames, l3);
        long senderMac = Arp.senderMac(frames, l3);
        int target = Arp.targetAddress(frames, l3);
        if (Ethernet.isGroup(senderMac)) {
            return Reason.ARP_INVALID;
        }
        boolean known = learn(in, 0, Address.mapped(sender), senderMac, nowNs);
        if (Arp.operation(frames, l3) == Arp.REQUEST && isOwn(network, 0, Address.mapped(target))) {
            Answers.arp(frames, burst.l2(i), Arp.REPLY, network.mac(), target, senderMac, sender);
            return Reason.ARP_REPLY;
        }
        return known ? Reason.NEIGHBOR_LEARNED : Reason.FRAME_NOT_FOR_US;
    }

    /** Handles a neighbor solicitation or advertisement; a solicitation for one of our addresses becomes our advertisement, in place. */
    Reason onNeighborMessage(Burst burst, int i, long nowNs) {
        int in = burst.ingress(i);
        RouterPort network = networks.get(in);
        long l4 = burst.l4(i);
        int length = burst.l4Length(i);
        int type = Icmpv6.type(frames, l4);
        if (type != Icmpv6.NEIGHBOR_SOLICITATION && type != Icmpv6.NEIGHBOR_ADVERTISEMENT) {
            return Reason.FRAME_NOT_FOR_US; // we are configured, not autoconfigured
        }
        if (!isValid(burst, i, length)) {
            return Reason.NEIGHBOR_MESSAGE_INVALID;
        }
        long mac = NeighborDiscovery.linkLayerAddress(frames, l4, length);
        long targetHi = NeighborDiscovery.targetHi(frames, l4);
        long targetLo = NeighborDiscovery.targetLo(frames, l4);
        long theirMac = mac >= 0 ? mac : Ethernet.source(frames, burst.l2(i));
        if (mac == -2 || Ethernet.isGroup(theirMac)) {
            return Reason.NEIGHBOR_MESSAGE_INVALID;
        }
        if (type == Icmpv6.NEIGHBOR_ADVERTISEMENT) {
            return mac >= 0 && learn(in, targetHi, targetLo, mac, nowNs)
                    ? Reason.NEIGHBOR_LEARNED
                    : Reason.FRAME_NOT_FOR_US;
        }
        boolean unspecified = (burst.sourceHi(i) | burst.sourceLo(i)) == 0;
        if (!unspecified) {
            learn(in, burst.sourceHi(i), burst.sourceLo(i), theirMac, nowNs);
        }
        if (unspecified || !isOwn(network, targetHi, targetLo)) {
            return Reason.FRAME_NOT_FOR_US; // duplicate address detection of others, too
        }
        Answers.advertisement(
                frames, burst.l2(i), network.mac(), targetHi, targetLo, theirMac, burst.sourceHi(i), burst.sourceLo(i));
        return Reason.NEIGHBOR_ADVERTISEMENT;
    }

    /** RFC 4861 section 7.1. */
    private boolean isValid(Burst burst, int i, int length) {
        if (length < NeighborDiscovery.LENGTH
                || Ipv6.hopLimit(frames, burst.l3(i)) != NeighborDiscovery.HOP_LIMIT
                || Icmpv6.code(frames, burst.l4(i)) != 0) {
            return false;
        }
        long sum = Checksum.sum(frames, burst.l4(i), length)
                + Checksum.pseudoHeader(
                        burst.sourceHi(i),
                        burst.sourceLo(i),
                        burst.destinationHi(i),
                        burst.destinationLo(i),
                        FiveTuple.ICMPV6,
                        length);
        return Checksum.fold(sum) == 0xFFFF;
    }

    /** Returns whether the address is on the port's network, or routed there without a gateway, so that it was taken over. */
    private boolean learn(int in, long hi, long lo, long mac, long nowNs) {
        if (!networks.get(in).isOnLink(hi, lo) && !routes.isOnLink(in, hi, lo)) {
            return false;
        }
        neighbors.report(in, hi, lo, mac, nowNs);
        return true;
    }

    private static boolean isOwn(RouterPort network, long hi, long lo) {
        for (int n = 0; n < network.addresses().size(); n++) {
            Address address = network.addresses().get(n);
            if (address.hi() == hi && address.lo() == lo) {
                return true;
            }
        }
        return false;
    }

    /** Asks a neighbor in use whether it is still there, and tells the control thread that it was asked. */
    void confirm(int out, long hi, long lo, long nowNs) {
        if (nowNs >= nextConfirmNs) {
            nextConfirmNs = nowNs + CONFIRM_INTERVAL_NS;
            neighbors.reportAsked(out, hi, lo, nowNs);
            ask(out, hi, lo);
        }
    }

    /** Sends a request for a neighbor's MAC address out of a port. */
    void ask(int out, long hi, long lo) {
        RouterPort network = networks.get(out);
        boolean ipv4 = Address.isIpv4(hi, lo);
        Address own = network.address(ipv4);
        int buffer = pool.take();
        if (buffer < 0) {
            return; // asked again in a second
        }
        long l2 = FramePool.l2(buffer);
        // Without an address on this network: a probe (RFC 5227 section 2.1.1), or our link-local address.
        long ownHi = own != null ? own.hi() : LINK_LOCAL_HI;
        long ownLo = own != null ? own.lo() : ipv4 ? 0 : Ethernet.interfaceIdentifier(network.mac());
        int length = ipv4
                ? Answers.arp(frames, l2, Arp.REQUEST, network.mac(), (int) ownLo, 0, (int) lo)
                : Answers.solicitation(frames, l2, network.mac(), ownHi, ownLo, hi, lo);
        if (!ports[out].enqueue(buffer, l2, length, Reason.NONE)) {
            pool.give(buffer);
        }
    }

    /** Returns the length of the frame that answers frame {@code i} in its place. */
    int replyLength(Burst burst, int i) {
        return switch (burst.reason(i)) {
            case ARP_REPLY -> Answers.ARP_LENGTH;
            case NEIGHBOR_ADVERTISEMENT -> Answers.DISCOVERY_LENGTH;
            default -> burst.length(i);
        };
    }
}
