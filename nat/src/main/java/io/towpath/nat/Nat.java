package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryTuple;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;

/**
 * The NAT stages of one worker: {@link #resolve} finds or makes each packet's connection and says where it goes; {@link #apply} rewrites.
 * Between the two the router decides, so that an ICMP error it sends quotes the packet as its sender sent it.
 */
public final class Nat {
    /** Turns of look-up and creation before a packet of a contended tuple is dropped. */
    private static final int RESOLVE_ATTEMPTS = 64;
    /** From this turn on the worker that is entering the tuple is taken not to be running, and is given its time. */
    private static final int SPINNING_ATTEMPTS = 8;

    private final Conntrack conntrack;
    private final ConntrackWorker worker;
    private final Connections connections;
    private final IcmpErrorTranslator icmpErrors;
    private final Lookahead lookahead;
    private final RewriteStage rewriteStage;

    private NodeSettings node;

    /**
     * @param frames memory of the frames of all bursts to come
     * @param seed of the backend choice
     */
    public Nat(
            Conntrack conntrack,
            ConntrackWorker worker,
            ServiceMaps maps,
            MasqueradeAddresses masquerade,
            PortRange ports,
            NodeSettings node,
            MemorySegment frames,
            long seed) {
        this.conntrack = conntrack;
        this.worker = worker;
        this.node = node;
        this.connections = new Connections(conntrack, worker, maps, masquerade, ports, new Random(seed));
        this.lookahead = new Lookahead(conntrack.index());
        Rewriter rewriter = new Rewriter(frames);
        this.icmpErrors = new IcmpErrorTranslator(frames, rewriter);
        this.rewriteStage = new RewriteStage(worker.number(), maps, rewriter, icmpErrors);
    }

    /** Takes over other settings. Worker thread. */
    public void onSettings(NodeSettings settings) {
        node = settings;
    }

    /** Gives every packet with a five-tuple its connection, its reason and its target, and drops or rejects what the services say. */
    public void resolve(Burst burst, long nowNs) {
        lookahead.touch(burst);
        connections.prepare(burst, lookahead, node, nowNs);
        int i = 0;
        while (i < burst.count) {
            int end = resolveIpv4Run(burst, i, nowNs);
            i = end > i ? end : resolveOthers(burst, i, nowNs);
        }
    }

    /** Resolves packets from one on as long as they are plain ones of IPv4. Returns the first that is not. */
    private int resolveIpv4Run(Burst burst, int from, long nowNs) {
        int i = from;
        while (i < burst.count && resolvePlainIpv4(burst, i, nowNs)) {
            i++;
        }
        return i;
    }

    /** As {@link #resolveIpv4Run}, for IPv6. */
    private int resolveIpv6Run(Burst burst, int from, long nowNs) {
        int i = from;
        while (i < burst.count && resolvePlainIpv6(burst, i, nowNs)) {
            i++;
        }
        return i;
    }

    /** Resolves a run of plain packets of IPv6, or one packet. Returns the next one. */
    private int resolveOthers(Burst burst, int i, long nowNs) {
        int end = resolveIpv6Run(burst, i, nowNs);
        if (end > i) {
            return end;
        }
        burst.targetHi(i, burst.destinationHi(i));
        burst.targetLo(i, burst.destinationLo(i));
        switch (burst.kind(i)) {
            case FlowKind.FLOW -> resolveFlow(burst, i, nowNs);
            case FlowKind.ICMP_ERROR -> resolveIcmpError(burst, i);
            case FlowKind.OTHER_IP -> burst.reason(i, connections.unconnected(burst, i));
            default -> {}
        }
        return i + 1;
    }

    /** Does what {@link #resolveFlow} does for a packet that {@link Conntrack#passesIpv4}; false for others. */
    private boolean resolvePlainIpv4(Burst burst, int i, long nowNs) {
        long handle = lookahead.candidate(i);
        if (handle < 0 // no connection, or no flow at all
                || !burst.isIpv4(i)
                || !conntrack.passesIpv4(
                        handle,
                        FiveTuple.ipv4Addresses(burst.sourceLo(i), burst.destinationLo(i)),
                        burst.transport(i),
                        burst.frames,
                        burst.l4(i),
                        burst.l4Length(i),
                        burst.length(i),
                        nowNs)) {
            return false;
        }
        long entry = Conntrack.entry(handle);
        burst.targetHi(i, 0);
        if (Entry.isTranslated(entry)) {
            int direction = Conntrack.direction(handle);
            burst.handle(i, handle);
            burst.targetLo(i, Address.mapped((int) (EntryTuple.addresses(entry, 1 - direction) >>> 32)));
            burst.reason(i, direction == 0 ? Reason.SERVICE : Reason.SERVICE_REPLY);
        } else {
            burst.targetLo(i, burst.destinationLo(i));
            burst.reason(i, Reason.ROUTED);
        }
        return true;
    }

    /** As {@link #resolvePlainIpv4}, for IPv6. */
    private boolean resolvePlainIpv6(Burst burst, int i, long nowNs) {
        long handle = lookahead.candidate(i);
        if (handle < 0
                || burst.isIpv4(i)
                || !conntrack.passesIpv6(
                        handle,
                        burst.sourceHi(i),
                        burst.sourceLo(i),
                        burst.destinationHi(i),
                        burst.destinationLo(i),
                        burst.transport(i),
                        burst.frames,
                        burst.l4(i),
                        burst.l4Length(i),
                        burst.length(i),
                        nowNs)) {
            return false;
        }
        burst.targetHi(i, burst.destinationHi(i));
        burst.targetLo(i, burst.destinationLo(i));
        connect(burst, i, handle);
        return true;
    }

    private void resolveFlow(Burst burst, int i, long nowNs) {
        for (int attempt = 0; attempt < RESOLVE_ATTEMPTS; attempt++) {
            long handle = attempt == 0 ? lookahead.lookup(burst, i) : lookahead.lookupAgain(burst, i);
            if (handle == Conntrack.MISS) {
                handle = connections.open(burst, i, node, nowNs);
                if (handle == Conntrack.CONFLICT_ORIGINAL) {
                    awaitRival(attempt);
                    continue;
                }
                if (handle < 0) {
                    return; // the reason is set
                }
            }
            int tracked = conntrack.track(
                    worker, handle, burst.frames, burst.l4(i), burst.l4Length(i), burst.length(i), nowNs);
            if (tracked == Conntrack.TRACK_OK) {
                connect(burst, i, handle);
                return;
            }
            if (tracked == Conntrack.TRACK_INVALID) {
                // Never let an invalid packet of a translated connection out with its addresses as they are. Others
                // pass, as kube-proxy's nftables mode lets them.
                boolean translated = Entry.isTranslated(Conntrack.entry(handle));
                burst.reason(i, translated ? Reason.CONNTRACK_INVALID : Reason.ROUTED);
                return;
            }
            conntrack.remove(worker, handle);
        }
        burst.reason(i, Reason.CONNTRACK_CONTENDED);
    }

    private static void awaitRival(int attempt) {
        if (attempt < SPINNING_ATTEMPTS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    /** Says where a packet of a connection goes, and what for. */
    private void connect(Burst burst, int i, long handle) {
        long entry = Conntrack.entry(handle);
        if (!Entry.isTranslated(entry)) {
            burst.reason(i, Reason.ROUTED);
            return;
        }
        int other = 1 - Conntrack.direction(handle);
        burst.handle(i, handle);
        burst.targetHi(i, EntryTuple.sourceHi(entry, other));
        burst.targetLo(i, EntryTuple.sourceLo(entry, other));
        burst.reason(i, Conntrack.direction(handle) == 0 ? Reason.SERVICE : Reason.SERVICE_REPLY);
    }

    private void resolveIcmpError(Burst burst, int i) {
        if (!icmpErrors.parse(burst, i)) {
            burst.reason(i, Reason.ICMP_ERROR_INVALID);
            return;
        }
        if (!icmpErrors.tracked) {
            burst.reason(i, connections.unconnected(burst, i));
            return;
        }
        long hash = conntrack
                .index()
                .hash(
                        icmpErrors.sourceHi,
                        icmpErrors.sourceLo,
                        icmpErrors.destinationHi,
                        icmpErrors.destinationLo,
                        icmpErrors.transport);
        long handle = conntrack
                .index()
                .lookup(
                        hash,
                        icmpErrors.sourceHi,
                        icmpErrors.sourceLo,
                        icmpErrors.destinationHi,
                        icmpErrors.destinationLo,
                        icmpErrors.transport);
        if (handle == Conntrack.MISS) {
            burst.reason(i, Reason.ICMP_ERROR_UNRELATED);
        } else if (!Entry.isTranslated(Conntrack.entry(handle))) {
            burst.reason(i, Reason.ROUTED);
        } else {
            burst.handle(i, handle);
            IcmpErrorTranslator.target(burst, i, handle);
        }
    }

    /** Rewrites every packet that goes on and has a translated connection, and counts it for its service and backend. */
    public void apply(Burst burst) {
        rewriteStage.apply(burst);
    }
}
