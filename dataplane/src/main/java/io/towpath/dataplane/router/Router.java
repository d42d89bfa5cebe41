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
    /** Buffers of a worker that frames waiting for a neighbor hold at most: a frame's own, and its error's. */
    public static final int PENDING_BUFFERS = 2 * PendingFrames.LIMIT;

    private final List<RouterPort> networks;
    private final Port[] ports;
    private final int[] mtus;
    private final long[] macs;
    private final Routes routes;
    private final Neighbors neighbors;
    private final NextHops hops;
    private final LinkAnswers link;
    private final MemorySegment frames;
    private final Verdicts verdicts;
    private final IcmpErrorSender errors;
    private final Egress egress;
    private final PendingFrames pending;
    /** Where each packet goes: {@link NextHops#hop}, {@link NextHops#UNKNOWN} where it waits for the MAC address. */
    private final long[] packetHop = new long[Burst.LIMIT];

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
        this.macs = networks.stream().mapToLong(RouterPort::mac).toArray();
        this.mtus = networks.stream().mapToInt(RouterPort::mtu).toArray();
        this.routes = routes;
        this.neighbors = neighbors;
        this.hops = new NextHops(neighbors);
        this.frames = pool.frames();
        this.verdicts = verdicts;
        this.errors = errors;
        this.link = new LinkAnswers(this.networks, this.ports, routes, neighbors, pool);
        this.egress = new Egress(this.networks, this.ports, pool, verdicts);
        this.pending = new PendingFrames(this.networks, this.ports, neighbors, link, egress, pool, verdicts, errors);
    }

    @Override
    public void admit(Burst burst, long nowNs) {
        for (int i = admitPlainRun(burst, 0); i < burst.count; i = admitPlainRun(burst, i + 1)) {
            if (burst.kind(i) != FlowKind.INVALID) {
                admit(burst, i, nowNs);
            }
        }
    }

    /** Passes packets as long as they are plain and for us. Returns the first that takes a closer look. */
    private int admitPlainRun(Burst burst, int from) {
        int i = from;
        while (i < burst.count && isOrdinary(burst, i) && isToUs(burst, i)) {
            i++;
        }
        return i;
    }

    private static boolean isOrdinary(Burst burst, int i) {
        return burst.isPlainIpv4(i)
                ? Scope.isOrdinaryIpv4(burst.sourceLo(i), burst.destinationLo(i))
                : burst.isPlainIpv6(i) && Scope.isOrdinaryIpv6(burst.sourceHi(i), burst.destinationHi(i));
    }

    private boolean isToUs(Burst burst, int i) {
        return Ethernet.destination(frames, burst.l2(i)) == macs[burst.ingress(i)];
    }

    private void admit(Burst burst, int i, long nowNs) {
        if (!isToUs(burst, i) && !Ethernet.isGroup(Ethernet.destination(frames, burst.l2(i)))) {
            burst.settle(i, Reason.FRAME_NOT_FOR_US);
        } else if (burst.l3(i) - burst.l2(i) != Ethernet.HEADER_LENGTH) {
            burst.settle(i, Reason.VLAN_UNEXPECTED);
        } else if (burst.kind(i) == FlowKind.ARP) {
            burst.settle(i, link.onArp(burst, i, nowNs));
        } else if (burst.kind(i) == FlowKind.NEIGHBOR) {
            burst.settle(i, link.onNeighborMessage(burst, i, nowNs));
        } else {
            Reason refusal =
                    Scope.refusal(burst.sourceHi(i), burst.sourceLo(i), burst.destinationHi(i), burst.destinationLo(i));
            if (refusal != Reason.NONE) {
                burst.settle(i, refusal);
            }
        }
    }

    @Override
    public void route(Burst burst, long nowNs) {
        hops.begin();
        for (int i = routeKnownRun(burst, 0); i < burst.count; i = routeKnownRun(burst, i + 1)) {
            if (burst.isForwarded(i)) {
                burst.reason(i, decide(burst, i, nowNs));
            }
            if (burst.reason(i).verdict() == Verdict.REJECT) {
                reject(burst, i, nowNs);
            }
        }
    }

    /** Routes packets as long as their next hops are known and nothing is in their way. Returns the first that takes a closer look. */
    private int routeKnownRun(Burst burst, int from) {
        int i = from;
        while (i < burst.count && burst.isForwarded(i) && routeKnown(burst, i)) {
            i++;
        }
        return i;
    }

    private boolean routeKnown(Burst burst, int i) {
        long hop = hops.find(burst.targetHi(i), burst.targetLo(i));
        packetHop[i] = hop;
        return hop != NextHops.UNKNOWN && hasHopsLeft(burst, i) && !mayBeTooBig(burst, i, NextHops.port(hop));
    }

    private Reason decide(Burst burst, int i, long nowNs) {
        long hop = hops.find(burst.targetHi(i), burst.targetLo(i));
        if (hop == NextHops.UNKNOWN) {
            return decideAnew(burst, i, nowNs);
        }
        packetHop[i] = hop;
        Reason refusal = refusal(burst, i, NextHops.port(hop));
        return refusal == Reason.NONE ? burst.reason(i) : refusal;
    }

    private Reason decideAnew(Burst burst, int i, long nowNs) {
        long targetHi = burst.targetHi(i);
        long targetLo = burst.targetLo(i);
        long route = routes.lookup(targetHi, targetLo);
        if (route == 0) {
            return Reason.NO_ROUTE;
        }
        if (Routes.isLocal(route)) {
            return local(burst, i);
        }
        int out = Routes.port(route);
        Reason refusal = refusal(burst, i, out);
        if (refusal != Reason.NONE) {
            packetHop[i] = NextHops.hop(out, 0);
            return refusal;
        }
        Address gateway = routes.gateway(route);
        long hopHi = gateway == null ? targetHi : gateway.hi();
        long hopLo = gateway == null ? targetLo : gateway.lo();
        long neighbor = neighbors.lookup(out, hopHi, hopLo);
        long mac = Neighbors.mac(neighbor);
        if (mac < 0 || pending.goesBehind(out, hopHi, hopLo)) {
            packetHop[i] = NextHops.UNKNOWN;
            return pending.add(burst, i, out, hopHi, hopLo, nowNs);
        }
        packetHop[i] = NextHops.hop(out, mac);
        if (Neighbors.isToBeAsked(neighbor)) {
            link.confirm(out, hopHi, hopLo, nowNs);
        } else {
            hops.put(targetHi, targetLo, out, mac);
        }
        return burst.reason(i);
    }

    private Reason refusal(Burst burst, int i, int out) {
        if (!hasHopsLeft(burst, i)) {
            return Reason.HOP_LIMIT_EXCEEDED;
        }
        return mayBeTooBig(burst, i, out) && packetLength(burst, i) > mtus[out] && !mayFragment(burst, i)
                ? Reason.PACKET_TOO_BIG
                : Reason.NONE;
    }

    private boolean hasHopsLeft(Burst burst, int i) {
        int hopsLeft = burst.isIpv4(i) ? Ipv4.ttl(frames, burst.l3(i)) : Ipv6.hopLimit(frames, burst.l3(i));
        return hopsLeft > 1;
    }

    private boolean mayBeTooBig(Burst burst, int i, int out) {
        return burst.length(i) - Ethernet.HEADER_LENGTH > mtus[out] || burst.fragments > 0;
    }

    /** Segments of a super-frame are not cut further: their sender keeps to the MTU that it is told. */
    private boolean mayFragment(Burst burst, int i) {
        return burst.isIpv4(i) && Ipv4.mayFragment(frames, burst.l3(i)) && !VnetHeader.isGso(frames, burst.l2(i));
    }

    private static Reason local(Burst burst, int i) {
        if (burst.kind(i) == FlowKind.ICMP_ERROR) {
            return Reason.ICMP_ERROR_UNRELATED;
        }
        boolean echo = burst.kind(i) == FlowKind.FLOW
                && (burst.protocol(i) == FiveTuple.ICMP || burst.protocol(i) == FiveTuple.ICMPV6)
                && FiveTuple.destinationPort(burst.transport(i)) == 0;
        return echo ? Reason.ECHO_REPLY : Reason.LOCAL_PORT_CLOSED;
    }

    /** Returns the length of the largest IP packet that the frame stands for: of a super-frame, that of its segments. */
    private int packetLength(Burst burst, int i) {
        int fragment = burst.longestFragment(i);
        if (fragment > 0) {
            return fragment;
        }
        int headers = (int) (burst.l4(i) - burst.l3(i));
        if (!VnetHeader.isGso(frames, burst.l2(i))) {
            return headers + burst.l4Length(i);
        }
        int transport = burst.protocol(i) == FiveTuple.TCP ? Tcp.headerLength(frames, burst.l4(i)) : Udp.HEADER_LENGTH;
        return headers + transport + VnetHeader.segmentSize(frames, burst.l2(i));
    }

    private void reject(Burst burst, int i, long nowNs) {
        int in = burst.ingress(i);
        Reason reason = burst.reason(i);
        boolean fromVip = reason == Reason.NO_ENDPOINTS
                || reason == Reason.SERVICE_PORT_UNKNOWN
                || reason == Reason.LOCAL_PORT_CLOSED;
        Address own = networks.get(in).address(burst.isIpv4(i));
        if (!fromVip && own == null) {
            burst.reason(i, Reason.UNANSWERABLE);
            return;
        }
        long hi = fromVip ? burst.destinationHi(i) : own.hi();
        long lo = fromVip ? burst.destinationLo(i) : own.lo();
        int mtu = reason == Reason.PACKET_TOO_BIG
                ? networks.get(NextHops.port(packetHop[i])).mtu()
                : 0;
        errors.send(burst, i, ports[in], hi, lo, mtu, nowNs);
    }

    @Override
    public void dispatch(Burst burst, long nowNs) {
        for (int i = forwardRun(burst, 0); i < burst.count; i = forwardRun(burst, i + 1)) {
            Reason reason = burst.reason(i);
            if (reason.verdict() == Verdict.FORWARD) {
                pending.place(burst, i);
            } else if (reason.verdict() == Verdict.REPLY) {
                if (reason == Reason.ECHO_REPLY) {
                    Answers.echo(burst, i);
                }
                egress.send(burst.buffer(i), burst.l2(i), link.replyLength(burst, i), burst.ingress(i), reason);
            } else {
                verdicts.done(burst.buffer(i), burst.length(i), reason);
            }
        }
    }

    /** Forwards packets as long as they go on. Returns the first that does not, or has to wait. */
    private int forwardRun(Burst burst, int from) {
        int i = from;
        while (i < burst.count && burst.isForwarded(i)) {
            if (burst.isIpv4(i)) {
                Ipv4.decrementTtl(frames, burst.l3(i));
            } else {
                Ipv6.decrementHopLimit(frames, burst.l3(i));
            }
            long hop = packetHop[i];
            if (hop == NextHops.UNKNOWN) {
                break;
            }
            egress.forward(
                    burst.buffer(i),
                    burst.l2(i),
                    burst.length(i),
                    NextHops.port(hop),
                    NextHops.mac(hop),
                    burst.reason(i));
            i++;
        }
        return i;
    }

    /** Frames wait for neighbors. */
    @Override
    public int releasePending(long nowNs) {
        return pending.release(nowNs);
    }

    @Override
    public boolean hasPending() {
        return !pending.isEmpty();
    }
}
