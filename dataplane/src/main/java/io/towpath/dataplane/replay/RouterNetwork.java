package io.towpath.dataplane.replay;

import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.dataplane.router.Router;
import io.towpath.dataplane.router.RouterPort;
import io.towpath.dataplane.router.Routes;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.nat.PortRange;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.packet.FrameParser;
import io.towpath.wire.Address;
import io.towpath.wire.Arp;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Icmpv6;
import io.towpath.wire.Ipv6;
import io.towpath.wire.NeighborDiscovery;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Router mode: the ports, addresses and routes of {@code towpath run}'s configuration. Every neighbor is there: its MAC address is what the
 * capture told of it so far (ARP, neighbor discovery, a packet from it), else a made-up one, as if it had answered at once.
 */
final class RouterNetwork implements ReplayNetwork, CapturePort.Link {
    private static final long MADE_UP_MAC = 0x0200_0000_0000L;

    private final List<Address> ownAddresses;
    private final List<RouterPort> networks;
    private final List<String> names;
    private final List<CapturePort> ports = new ArrayList<>();
    private final MemorySegment frames;
    private final Routes routes;
    private final Neighbors neighbors;
    private final Router router;
    private long nowNs;

    /** Where a router keeps its maps. */
    record Maps(MapStore store, Quiescence quiescence, long seed) {}

    RouterNetwork(EngineConfig config, Maps maps, CaptureOutput output, FramePool pool, Verdicts verdicts)
            throws IOException {
        frames = pool.frames();
        ownAddresses = config.ownAddresses();
        networks = config.routerPorts();
        names = networks.stream().map(RouterPort::name).toList();
        for (String name : names) {
            output.announce(name);
            ports.add(new CapturePort(ports.size(), name, output, this));
        }
        routes =
                Routes.create(maps.store(), maps.quiescence(), networks, config.staticRoutes(), config.nodeAddresses());
        neighbors = Neighbors.create(maps.store(), maps.seed(), maps.quiescence(), new ArrayDeque<>());
        router = new Router(networks, ports, routes, neighbors, pool, verdicts, new IcmpErrorSender(pool, maps.seed()));
    }

    @Override
    public List<Address> ownAddresses() {
        return ownAddresses;
    }

    /** A capture without names came in by the first port. */
    @Override
    public int ingress(String interfaceName) {
        return interfaceName.isEmpty() ? 0 : names.indexOf(interfaceName);
    }

    @Override
    public List<String> interfaces() {
        return names;
    }

    @Override
    public long mac(int ingress) {
        return networks.get(ingress).mac();
    }

    @Override
    public MasqueradeAddresses masquerade(List<Address> nodeAddresses) {
        return routes;
    }

    @Override
    public PortRange masqueradePorts() {
        return PortRange.UNPRIVILEGED;
    }

    @Override
    public Forwarding forwarding() {
        return router;
    }

    /** Learns the sender of a packet on its own network. */
    @Override
    public void onArrival(Burst burst, long now) {
        nowNs = now;
        FrameParser.parse(burst);
        int kind = burst.kind(0);
        if (kind != FlowKind.FLOW && kind != FlowKind.OTHER_IP && kind != FlowKind.ICMP_ERROR) {
            return;
        }
        int in = burst.ingress(0);
        long l2 = burst.l2(0);
        long sender = Ethernet.source(frames, l2);
        if (Ethernet.destination(frames, l2) == mac(in)
                && !Ethernet.isGroup(sender)
                && networks.get(in).isOnLink(burst.sourceHi(0), burst.sourceLo(0))) {
            neighbors.report(in, burst.sourceHi(0), burst.sourceLo(0), sender, now);
            neighbors.update(now);
        }
    }

    @Override
    public void transmit(Verdicts verdicts, long now) {
        flush(verdicts);
        neighbors.update(now);
        if (router.hasPending()) {
            router.releasePending(now);
            flush(verdicts);
        }
    }

    private void flush(Verdicts verdicts) {
        ports.forEach(port -> port.flush(verdicts));
    }

    /** Answers for whom the router asks; nothing else that it sends is such a request. */
    @Override
    public boolean answers(int port, long l2) {
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        int type = Ethernet.type(frames, l2);
        if (type == Ethernet.TYPE_ARP && Arp.operation(frames, l3) == Arp.REQUEST) {
            int target = Arp.targetAddress(frames, l3);
            answer(port, 0, Address.mapped(target), target);
            return true;
        }
        long l4 = l3 + Ipv6.HEADER_LENGTH;
        boolean solicits = type == Ethernet.TYPE_IPV6
                && Ipv6.nextHeader(frames, l3) == FiveTuple.ICMPV6
                && Icmpv6.type(frames, l4) == Icmpv6.NEIGHBOR_SOLICITATION;
        if (solicits) {
            long lo = NeighborDiscovery.targetLo(frames, l4);
            answer(port, NeighborDiscovery.targetHi(frames, l4), lo, lo);
        }
        return solicits;
    }

    /** A neighbor that is only asked whether it is still there keeps its MAC address. */
    private void answer(int port, long hi, long lo, long madeUpOf) {
        long known = neighbors.mac(port, hi, lo);
        neighbors.report(port, hi, lo, known >= 0 ? known : madeUpMac(madeUpOf), nowNs);
    }

    /** Returns 02:00 and the last four bytes of the address. */
    private static long madeUpMac(long address) {
        return MADE_UP_MAC | address & 0xFFFF_FFFFL;
    }
}
