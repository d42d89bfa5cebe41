package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.Entry;
import io.towpath.linux.NativeMemory;
import io.towpath.maps.CounterMap;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.Arena;
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

    private static final int LINE_BYTES = 64;
    /** Memory to load from for packets that have nothing to load. */
    private static final long NOWHERE =
            Arena.global().allocate(3 * LINE_BYTES, LINE_BYTES).address();

    private final Conntrack conntrack;
    private final ConntrackWorker worker;
    private final ServiceMaps maps;
    private final Connections connections;
    private final Rewriter rewriter;
    private final IcmpErrorTranslator icmpErrors;

    /** Where the packet's line of the index is, then its connection's entry; {@link #NOWHERE} where there is none. */
    private final long[] line = new long[Burst.LIMIT];

    /** Where the index is looked into next for a packet whose first line has nothing. */
    private final long[] secondLine = new long[Burst.LIMIT];

    /** Handle that the packet's connection probably has; negative where none is known. */
    private final long[] candidate = new long[Burst.LIMIT];

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

    /**
     * Looks the burst's connections up by hash and has their lines loaded. A loop that does nothing but load has as many loads under way at
     * once as the core can, where one that computes, too, has as many as its reorder buffer holds turns.
     */
    private long touch(Burst burst) {
        long[] lines = line;
        int count = burst.count;
        boolean ipv6 = false;
        boolean missed = false;
        for (int i = 0; i < count; i++) {
            lines[i] = NOWHERE;
            if (burst.kind(i) == FlowKind.FLOW) {
                long hash = conntrack.hash(
                        burst.sourceHi(i),
                        burst.sourceLo(i),
                        burst.destinationHi(i),
                        burst.destinationLo(i),
                        burst.transport(i));
                burst.hash(i, hash);
                lines[i] = conntrack.line(hash);
                ipv6 |= !burst.isIpv4(i);
            }
        }
        long sink = load(lines, count, 0);
        for (int i = 0; i < count; i++) {
            boolean isFlow = lines[i] != NOWHERE;
            candidate[i] = isFlow ? conntrack.candidate(lines[i], burst.hash(i)) : Conntrack.MISS;
            boolean isMissed = candidate[i] == Conntrack.MISS;
            lines[i] = isMissed ? NOWHERE : Conntrack.entry(candidate[i]);
            secondLine[i] = isFlow && isMissed ? conntrack.secondLine(burst.hash(i)) : NOWHERE;
            missed |= isFlow && isMissed;
        }
        sink += load(lines, count, 0) + load(lines, count, LINE_BYTES);
        sink += ipv6 ? load(lines, count, 2 * LINE_BYTES) : 0;
        return missed ? sink + load(secondLine, count, 0) : sink;
    }

    private static long load(long[] addresses, int count, int offset) {
        long sink = 0;
        for (int i = 0; i < count; i++) {
            sink += NativeMemory.getLong(addresses[i] + offset);
        }
        return sink;
    }

    /** Does what {@link #resolveFlow} does for a packet that {@link Conntrack#passesIpv4}; false for others. */
    private boolean resolvePlainIpv4(Burst burst, int i, long nowNs) {
        long handle = candidate[i];
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
            burst.targetLo(i, Address.mapped((int) (Entry.addresses(entry, 1 - direction) >>> 32)));
            burst.reason(i, direction == 0 ? Reason.SERVICE : Reason.SERVICE_REPLY);
        } else {
            burst.targetLo(i, burst.destinationLo(i));
            burst.reason(i, Reason.ROUTED);
        }
        return true;
    }

    private boolean resolvePlainIpv6(Burst burst, int i, long nowNs) {
        long handle = candidate[i];
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

    private boolean isCandidateRight(Burst burst, int i) {
        if (candidate[i] < 0) {
            return false;
        }
        return burst.isIpv4(i)
                ? Conntrack.isIpv4(
                        candidate[i],
                        FiveTuple.ipv4Addresses(burst.sourceLo(i), burst.destinationLo(i)),
                        burst.transport(i))
                : Conntrack.isIpv6(
                        candidate[i],
                        burst.sourceHi(i),
                        burst.sourceLo(i),
                        burst.destinationHi(i),
                        burst.destinationLo(i),
                        burst.transport(i));
    }

    private long lookup(Burst burst, int i) {
        return conntrack.lookup(
                burst.hash(i),
                burst.sourceHi(i),
                burst.sourceLo(i),
                burst.destinationHi(i),
                burst.destinationLo(i),
                burst.transport(i));
    }

    private void resolveFlow(Burst burst, int i, long nowNs) {
        for (int attempt = 0; attempt < RESOLVE_ATTEMPTS; attempt++) {
            long handle = attempt == 0 && isCandidateRight(burst, i) ? candidate[i] : lookup(burst, i);
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
                boolean translated = (Entry.natFlags(Conntrack.entry(handle)) & Entry.TRANSLATED) != 0;
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

    private void connect(Burst burst, int i, long handle) {
        if ((Entry.natFlags(Conntrack.entry(handle)) & Entry.TRANSLATED) == 0) {
            burst.reason(i, Reason.ROUTED);
            return;
        }
        long entry = Conntrack.entry(handle);
        int other = 1 - Conntrack.direction(handle);
        burst.handle(i, handle);
        burst.targetHi(i, Entry.sourceHi(entry, other));
        burst.targetLo(i, Entry.sourceLo(entry, other));
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
            burst.reason(i, Reason.ICMP_ERROR_UNRELATED);
        } else if ((Entry.natFlags(Conntrack.entry(handle)) & Entry.TRANSLATED) == 0) {
            burst.reason(i, Reason.ROUTED);
        } else {
            burst.handle(i, handle);
            IcmpErrorTranslator.target(burst, i, handle);
        }
    }

    /** Returns the entry's checksum deltas as they apply to packets of the handle's direction. */
    static int directedDeltas(long handle) {
        return Entry.deltas(Conntrack.entry(handle)) ^ -Conntrack.direction(handle); // both halves negated for replies
    }

    /** Rewrites every packet that goes on and has a translated connection, and counts it for its service and backend. */
    public void apply(Burst burst) {
        int i = 0;
        while (i < burst.count) {
            int end = rewriteIpv4Run(burst, i);
            i = end > i ? end : rewriteOthers(burst, i);
        }
        count(burst);
    }

    private static boolean isTranslated(Burst burst, int i) {
        return burst.handle(i) >= 0 && burst.isForwarded(i);
    }

    private void count(Burst burst) {
        CounterMap services = maps.serviceCounters();
        CounterMap backends = maps.backendCounters();
        int number = worker.number();
        for (int i = 0; i < burst.count; i++) {
            if (isTranslated(burst, i)) {
                long entry = Conntrack.entry(burst.handle(i));
                int length = burst.length(i);
                services.add(number, Entry.serviceId(entry), 1, length);
                backends.add(number, Entry.backendId(entry), 1, length);
            }
        }
    }

    /** Rewrites packets from one on as long as they are TCP or UDP over IPv4, or need no rewriting. Returns the first that is not. */
    private int rewriteIpv4Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && (!isTranslated(burst, i) || burst.isIpv4(i) && isTcpOrUdp(burst, i))) {
            if (isTranslated(burst, i)) {
                rewriteIpv4(burst, i, burst.handle(i));
            }
            i++;
        }
        return i;
    }

    private int rewriteIpv6Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && isTranslated(burst, i) && !burst.isIpv4(i) && isTcpOrUdp(burst, i)) {
            rewriteIpv6(burst, i, burst.handle(i));
            i++;
        }
        return i;
    }

    private static boolean isTcpOrUdp(Burst burst, int i) {
        int protocol = burst.protocol(i);
        return burst.kind(i) == FlowKind.FLOW && (protocol == FiveTuple.TCP || protocol == FiveTuple.UDP);
    }

    private void rewriteIpv4(Burst burst, int i, long handle) {
        long entry = Conntrack.entry(handle);
        int other = 1 - Conntrack.direction(handle);
        int deltas = directedDeltas(handle);
        rewriter.rewriteIpv4(
                burst.l3(i),
                burst.l4(i),
                burst.protocol(i),
                VnetHeader.needsChecksum(burst.frames, burst.l2(i)),
                Long.rotateLeft(Entry.addresses(entry, other), 32),
                Integer.rotateLeft(Entry.ports(entry, other), 16),
                deltas & 0xFFFF,
                deltas >>> 16);
    }

    private void rewriteIpv6(Burst burst, int i, long handle) {
        long entry = Conntrack.entry(handle);
        int other = 1 - Conntrack.direction(handle);
        int deltas = directedDeltas(handle);
        rewriter.rewriteIpv6(
                burst.l3(i),
                burst.l4(i),
                burst.protocol(i),
                VnetHeader.needsChecksum(burst.frames, burst.l2(i)),
                Entry.destinationHi(entry, other),
                Entry.destinationLo(entry, other),
                Entry.sourceHi(entry, other),
                Entry.sourceLo(entry, other),
                Integer.rotateLeft(Entry.ports(entry, other), 16),
                deltas & 0xFFFF,
                deltas >>> 16);
    }

    /** Rewrites a run of TCP and UDP over IPv6, or one packet. Returns the next one. */
    private int rewriteOthers(Burst burst, int i) {
        int end = rewriteIpv6Run(burst, i);
        if (end > i) {
            return end;
        }
        if (burst.kind(i) == FlowKind.FLOW) {
            rewrite(burst, i, burst.handle(i));
        } else {
            icmpErrors.parse(burst, i);
            icmpErrors.translate(burst, i, burst.handle(i));
        }
        return i + 1;
    }

    private void rewrite(Burst burst, int i, long handle) {
        long entry = Conntrack.entry(handle);
        int other = 1 - Conntrack.direction(handle);
        int deltas = directedDeltas(handle);
        rewriter.rewrite(
                burst.l3(i),
                burst.l4(i),
                burst.l4Length(i),
                VnetHeader.needsChecksum(burst.frames, burst.l2(i)),
                Entry.destinationHi(entry, other),
                Entry.destinationLo(entry, other),
                Entry.sourceHi(entry, other),
                Entry.sourceLo(entry, other),
                FiveTuple.reverse(Entry.transport(entry, other)),
                deltas & 0xFFFF,
                deltas >>> 16);
    }

    /** Packs the two deltas of a connection as {@link Entry#deltas} has them. */
    static int packDeltas(int addressDelta, int transportDelta) {
        return addressDelta & 0xFFFF | transportDelta << 16;
    }
}
