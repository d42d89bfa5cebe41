package io.towpath.dataplane.router;

import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Answers;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.packet.Verdict;
import io.towpath.wire.Address;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Router mode of one worker: forwards between ports by routes (RFC 1812, RFC 8200). */
public final class Router implements Forwarding {
    /** How long a frame waits for its next hop: the time that Linux gives three unanswered requests. */
    private static final long PENDING_NS = 3_000_000_000L;

    private final List<RouterPort> networks;
    private final Port[] ports;
    private final Routes routes;
    private final Neighbors neighbors;
    private final LinkAnswers link;
    private final MemorySegment frames;
    private final Verdicts verdicts;
    private final IcmpErrorSender errors;
    private final PendingFrames pending = new PendingFrames();
    private final int[] egress = new int[Burst.LIMIT];
    private final long[] hopHi = new long[Burst.LIMIT];
    private final long[] hopLo = new long[Burst.LIMIT];

    public Router(
            List<RouterPort> networks,
            List<? extends Port> ports,
            Routes routes,
            Neighbors neighbors,
            FramePool pool,
            Verdicts verdicts,
            IcmpErrorSender errors) {
        this.networks = List.copyOf(networks);
        this.ports = ports.toArray(Port[]::new);
        this.routes = routes;
        this.neighbors = neighbors;
        this.frames = pool.frames();
        this.verdicts = verdicts;
        this.errors = errors;
        this.link = new LinkAnswers(this.networks, this.ports, neighbors, pool);
    }

    @Override
    public void admit(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.kind[i] == FlowKind.INVALID) {
                continue;
            }
            int in = burst.ingress[i];
            long destination = Ethernet.destination(frames, burst.l2[i]);
            if (destination != networks.get(in).mac() && !Ethernet.isGroup(destination)) {
                burst.settle(i, Reason.FRAME_NOT_FOR_US);
            } else if (burst.l3[i] - burst.l2[i] != Ethernet.HEADER_LENGTH) {
                burst.settle(i, Reason.VLAN_UNEXPECTED);
            } else if (burst.kind[i] == FlowKind.ARP) {
                burst.settle(i, link.onArp(burst, i, nowNs));
            } else if (burst.kind[i] == FlowKind.NEIGHBOR) {
                burst.settle(i, link.onNeighborMessage(burst, i, nowNs));
            } else {
                Reason refusal = Scope.refusal(
                        burst.sourceHi[i], burst.sourceLo[i], burst.destinationHi[i], burst.destinationLo[i]);
                if (refusal != Reason.NONE) {
                    burst.settle(i, refusal);
                }
            }
        }
    }

    @Override
    public void route(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.reason[i].verdict() == Verdict.FORWARD) {
                burst.reason[i] = decide(burst, i);
            }
            if (burst.reason[i].verdict() == Verdict.REJECT) {
                reject(burst, i, nowNs);
            }
        }
    }

    private Reason decide(Burst burst, int i) {
        long route = routes.lookup(burst.targetHi[i], burst.targetLo[i]);
        if (route == 0) {
            return Reason.NO_ROUTE;
        }
        if (Routes.isLocal(route)) {
            return local(burst, i);
        }
        int out = Routes.port(route);
        egress[i] = out;
        Address gateway = routes.gateway(route);
        hopHi[i] = gateway == null ? burst.targetHi[i] : gateway.hi();
        hopLo[i] = gateway == null ? burst.targetLo[i] : gateway.lo();
        int hops = burst.isIpv4(i) ? Ipv4.ttl(frames, burst.l3[i]) : Ipv6.hopLimit(frames, burst.l3[i]);
        if (hops <= 1) {
            return Reason.HOP_LIMIT_EXCEEDED;
        }
        return packetLength(burst, i) > networks.get(out).mtu() ? Reason.PACKET_TOO_BIG : burst.reason[i];
    }

    private static Reason local(Burst burst, int i) {
        if (burst.handle[i] >= 0 || burst.kind[i] == FlowKind.ICMP_ERROR) {
            return Reason.ICMP_ERROR_UNRELATED;
        }
        boolean echo = burst.kind[i] == FlowKind.FLOW
                && (burst.protocol(i) == FiveTuple.ICMP || burst.protocol(i) == FiveTuple.ICMPV6)
                && FiveTuple.destinationPort(burst.transport[i]) == 0;
        return echo ? Reason.ECHO_REPLY : Reason.LOCAL_PORT_CLOSED;
    }

    /** Returns the length of the largest IP packet that the frame stands for: of a super-frame, that of its segments. */
    private int packetLength(Burst burst, int i) {
        int fragment = burst.longestFragment(i);
        if (fragment > 0) {
            return fragment;
        }
        int headers = (int) (burst.l4[i] - burst.l3[i]);
        if (!VnetHeader.isGso(frames, burst.l2[i])) {
            return headers + burst.l4Length[i];
        }
        int transport = burst.protocol(i) == FiveTuple.TCP ? Tcp.headerLength(frames, burst.l4[i]) : Udp.HEADER_LENGTH;
        return headers + transport + VnetHeader.segmentSize(frames, burst.l2[i]);
    }

    private void reject(Burst burst, int i, long nowNs) {
        int in = burst.ingress[i];
        Reason reason = burst.reason[i];
        boolean fromVip = reason == Reason.NO_ENDPOINTS
                || reason == Reason.SERVICE_PORT_UNKNOWN
                || reason == Reason.LOCAL_PORT_CLOSED;
        Address own = networks.get(in).address(burst.isIpv4(i));
        if (!fromVip && own == null) {
            burst.reason[i] = Reason.UNANSWERABLE;
            return;
        }
        long hi = fromVip ? burst.destinationHi[i] : own.hi();
        long lo = fromVip ? burst.destinationLo[i] : own.lo();
        int mtu = reason == Reason.PACKET_TOO_BIG ? networks.get(egress[i]).mtu() : 0;
        errors.send(burst, i, ports[in], hi, lo, mtu, nowNs);
    }

    @Override
    public void dispatch(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            Reason reason = burst.reason[i];
            if (reason.verdict() == Verdict.FORWARD) {
                forward(burst, i, nowNs);
            } else if (reason.verdict() == Verdict.REPLY) {
                if (reason == Reason.ECHO_REPLY) {
                    Answers.echo(burst, i);
                }
                send(burst.buffer[i], burst.l2[i], link.replyLength(burst, i), burst.ingress[i], reason);
            } else {
                verdicts.done(burst.buffer[i], burst.length[i], reason);
            }
        }
    }

    private void forward(Burst burst, int i, long nowNs) {
        if (burst.isIpv4(i)) {
            Ipv4.decrementTtl(frames, burst.l3[i]);
        } else {
            Ipv6.decrementHopLimit(frames, burst.l3[i]);
        }
        int out = egress[i];
        long mac = neighbors.mac(out, hopHi[i], hopLo[i]);
        if (mac >= 0) {
            Ethernet.addresses(frames, burst.l2[i], mac, networks.get(out).mac());
            send(burst.buffer[i], burst.l2[i], burst.length[i], out, burst.reason[i]);
            return;
        }
        if (pending.isFull()) {
            verdicts.done(burst.buffer[i], burst.length[i], Reason.NEIGHBOR_QUEUE_FULL);
            return;
        }
        if (!pending.waitsFor(out, hopHi[i], hopLo[i])) {
            link.ask(out, hopHi[i], hopLo[i]);
        }
        pending.add(
                burst.buffer[i],
                burst.l2[i],
                burst.length[i],
                out,
                hopHi[i],
                hopLo[i],
                nowNs + PENDING_NS,
                burst.reason[i]);
    }

    private void send(int buffer, long l2, int length, int out, Reason reason) {
        if (!ports[out].enqueue(buffer, l2, length, reason)) {
            verdicts.done(buffer, length, Reason.EGRESS_FULL);
        }
    }

    /** Sends the frames whose next hop is known by now, and gives up those that waited too long. Returns how many are done. */
    public int releasePending(long nowNs) {
        int kept = 0;
        int count = pending.count;
        for (int i = 0; i < count; i++) {
            long mac = neighbors.mac(pending.port[i], pending.hi[i], pending.lo[i]);
            if (mac >= 0) {
                int out = pending.port[i];
                Ethernet.addresses(frames, pending.l2[i], mac, networks.get(out).mac());
                send(pending.buffer[i], pending.l2[i], pending.length[i], out, pending.reason[i]);
            } else if (nowNs - pending.deadlineNs[i] > 0) {
                verdicts.done(pending.buffer[i], pending.length[i], Reason.NEIGHBOR_UNREACHABLE);
            } else {
                pending.move(i, kept++);
            }
        }
        pending.count = kept;
        return count - kept;
    }

    /** Returns whether frames wait for a neighbor. */
    public boolean hasPending() {
        return pending.count > 0;
    }
}
