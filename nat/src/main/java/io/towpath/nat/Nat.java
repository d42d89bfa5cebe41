package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryTuple;
import io.towpath.packet.Burst;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
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
            int end = conntrack.passRun(burst, lookahead.candidates(), i, nowNs);
            connectRun(burst, i, end);
            if (end < burst.count) {
                resolveOthers(burst, end, nowNs);
            }
            i = end + 1;
        }
    }

    /** Counts packets that passed, and says where they go. */
    private void connectRun(Burst burst, int from, int end) {
        for (int i = from; i < end; i++) {
            long handle = lookahead.candidate(i);
            Conntrack.count(handle, burst.length(i));
            connect(burst, i, handle);
        }
    }

    private void resolveOthers(Burst burst, int i, long nowNs) {
        burst.targetHi(i, burst.destinationHi(i));
        burst.targetLo(i, burst.destinationLo(i));
        switch (burst.kind(i)) {
            case FlowKind.FLOW -> resolveFlow(burst, i, nowNs);
            case FlowKind.ICMP_ERROR -> resolveIcmpError(burst, i);
            case FlowKind.OTHER_IP -> burst.reason(i, connections.unconnected(burst, i));
            default -> {}
        }
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
            burst.targetHi(i, burst.destinationHi(i));
            burst.targetLo(i, burst.destinationLo(i));
            burst.reason(i, Reason.ROUTED);
            return;
        }
        int direction = Conntrack.direction(handle);
        long targetHi = EntryTuple.sourceHi(entry, 1 - direction);
        long targetLo = EntryTuple.sourceLo(entry, 1 - direction);
        burst.handle(i, handle);
        burst.targetHi(i, targetHi);
        burst.targetLo(i, targetLo);
        burst.reason(i, direction == 0 ? Reason.SERVICE : Reason.SERVICE_REPLY);
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
