package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.Entry;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.packet.Verdict;
import io.towpath.wire.VnetHeader;
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
    private final MemorySegment entries;
    private final ServiceMaps maps;
    private final Connections connections;
    private final Rewriter rewriter;
    private final IcmpErrorTranslator icmpErrors;

    private NodeSettings node;
    /** Keeps the loads of the touch stages alive. */
    @SuppressWarnings("unused")
    private long touched;

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
        this.entries = conntrack.entries();
        this.maps = maps;
        this.node = node;
        this.connections = new Connections(conntrack, worker, maps, masquerade, ports, new Random(seed));
        this.rewriter = new Rewriter(frames);
        this.icmpErrors = new IcmpErrorTranslator(frames, rewriter);
    }

    /** Takes over other settings. Worker thread. */
    public void onSettings(NodeSettings settings) {
        node = settings;
    }

    /**
     * Gives every packet with a five-tuple its connection, its reason and its target, and drops or rejects what the services say. Touches
     * the table's cache lines of the whole burst first, so that their loads overlap.
     */
    public void resolve(Burst burst, long nowNs) {
        touched = touch(burst);
        for (int i = 0; i < burst.count; i++) {
            burst.targetHi[i] = burst.destinationHi[i];
            burst.targetLo[i] = burst.destinationLo[i];
            switch (burst.kind[i]) {
                case FlowKind.FLOW -> resolveFlow(burst, i, nowNs);
                case FlowKind.ICMP_ERROR -> resolveIcmpError(burst, i);
                case FlowKind.OTHER_IP -> burst.reason[i] = connections.unconnected(burst, i);
                default -> {}
            }
        }
    }

    private long touch(Burst burst) {
        long sink = 0;
        for (int i = 0; i < burst.count; i++) {
            if (burst.kind[i] == FlowKind.FLOW) {
                burst.hash[i] = conntrack.hash(
                        burst.sourceHi[i],
                        burst.sourceLo[i],
                        burst.destinationHi[i],
                        burst.destinationLo[i],
                        burst.transport[i]);
                sink += conntrack.touch(burst.hash[i]);
            }
        }
        for (int i = 0; i < burst.count; i++) {
            if (burst.kind[i] == FlowKind.FLOW) {
                long entry = conntrack.likelyEntry(burst.hash[i]);
                if (entry >= 0) {
                    sink += conntrack.touchEntry(entry);
                }
            }
        }
        return sink;
    }

    private void resolveFlow(Burst burst, int i, long nowNs) {
        for (int attempt = 0; attempt < RESOLVE_ATTEMPTS; attempt++) {
            long handle = conntrack.lookup(
                    burst.hash[i],
                    burst.sourceHi[i],
                    burst.sourceLo[i],
                    burst.destinationHi[i],
                    burst.destinationLo[i],
                    burst.transport[i]);
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
                    worker, handle, burst.frames, burst.l4[i], burst.l4Length[i], burst.length[i], nowNs);
            if (tracked == Conntrack.TRACK_OK) {
                connect(burst, i, handle);
                return;
            }
            if (tracked == Conntrack.TRACK_INVALID) {
                // Never let an invalid packet of a translated connection out with its addresses as they are. Others
                // pass, as
                // kube-proxy's nftables mode lets them.
                boolean translated = (Entry.natFlags(entries, Conntrack.entry(handle)) & Entry.TRANSLATED) != 0;
                burst.reason[i] = translated ? Reason.CONNTRACK_INVALID : Reason.ROUTED;
                return;
            }
            conntrack.remove(worker, handle);
        }
        burst.reason[i] = Reason.CONNTRACK_CONTENDED;
    }

    private static void awaitRival(int attempt) {
        if (attempt < SPINNING_ATTEMPTS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    private void connect(Burst burst, int i, long handle) {
        if ((Entry.natFlags(entries, Conntrack.entry(handle)) & Entry.TRANSLATED) == 0) {
            burst.reason[i] = Reason.ROUTED;
            return;
        }
        long other = Conntrack.otherTuple(handle);
        burst.handle[i] = handle;
        burst.targetHi[i] = Entry.sourceHi(entries, other);
        burst.targetLo[i] = Entry.sourceLo(entries, other);
        burst.reason[i] = Conntrack.direction(handle) == 0 ? Reason.SERVICE : Reason.SERVICE_REPLY;
    }

    private void resolveIcmpError(Burst burst, int i) {
        if (!icmpErrors.parse(burst, i)) {
            burst.reason[i] = Reason.ICMP_ERROR_INVALID;
            return;
        }
        if (!icmpErrors.tracked) {
            burst.reason[i] = connections.unconnected(burst, i);
            return;
        }
        long hash = conntrack.hash(
                icmpErrors.sourceHi,
                icmpErrors.sourceLo,
                icmpErrors.destinationHi,
                icmpErrors.destinationLo,
                icmpErrors.transport);
        long handle = conntrack.lookup(
                hash,
                icmpErrors.sourceHi,
                icmpErrors.sourceLo,
                icmpErrors.destinationHi,
                icmpErrors.destinationLo,
                icmpErrors.transport);
        if (handle == Conntrack.MISS) {
            burst.reason[i] = Reason.ICMP_ERROR_UNRELATED;
        } else if ((Entry.natFlags(entries, Conntrack.entry(handle)) & Entry.TRANSLATED) == 0) {
            burst.reason[i] = Reason.ROUTED;
        } else {
            burst.handle[i] = handle;
            IcmpErrorTranslator.target(burst, i, entries, handle);
        }
    }

    /** Returns the entry's checksum deltas as they apply to packets of the handle's direction. */
    static int directedDeltas(MemorySegment entries, long handle) {
        int deltas = Entry.deltas(entries, Conntrack.entry(handle));
        return Conntrack.direction(handle) == 0 ? deltas : ~deltas; // both halves negated
    }

    /** Rewrites every packet that goes on and has a translated connection, and counts it for its service and backend. */
    public void apply(Burst burst) {
        for (int i = 0; i < burst.count; i++) {
            long handle = burst.handle[i];
            if (handle >= 0 && burst.reason[i].verdict() == Verdict.FORWARD) {
                if (burst.kind[i] == FlowKind.FLOW) {
                    rewrite(burst, i, handle);
                } else {
                    icmpErrors.parse(burst, i);
                    icmpErrors.translate(burst, i, entries, handle);
                }
                long entry = Conntrack.entry(handle);
                maps.serviceCounters().add(worker.number(), Entry.serviceId(entries, entry), 1, burst.length[i]);
                maps.backendCounters().add(worker.number(), Entry.backendId(entries, entry), 1, burst.length[i]);
            }
        }
    }

    private void rewrite(Burst burst, int i, long handle) {
        long other = Conntrack.otherTuple(handle);
        int deltas = directedDeltas(entries, handle);
        long newSourceHi = Entry.destinationHi(entries, other);
        long newSourceLo = Entry.destinationLo(entries, other);
        long newDestinationHi = Entry.sourceHi(entries, other);
        long newDestinationLo = Entry.sourceLo(entries, other);
        rewriter.rewrite(
                burst.l3[i],
                burst.l4[i],
                burst.l4Length[i],
                VnetHeader.needsChecksum(burst.frames, burst.l2[i]),
                newSourceHi,
                newSourceLo,
                newDestinationHi,
                newDestinationLo,
                FiveTuple.reverse(Entry.transport(entries, other)),
                deltas & 0xFFFF,
                deltas >>> 16);
    }

    /** Packs the two deltas of a connection as {@link Entry#deltas} has them. */
    static int packDeltas(int addressDelta, int transportDelta) {
        return addressDelta & 0xFFFF | transportDelta << 16;
    }
}
