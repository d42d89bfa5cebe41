package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryTuple;
import io.towpath.maps.CounterMap;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.wire.VnetHeader;

/**
 * The stage that rewrites: gives each packet of a burst the addresses and ports that its connection's other tuple has, reversed. What is
 * written where in a packet is the {@link Rewriter}'s. One per worker.
 */
final class RewriteStage {
    private final int worker;
    private final ServiceMaps maps;
    private final Rewriter rewriter;
    private final IcmpErrorTranslator icmpErrors;

    /** @param worker its number, for the counters */
    RewriteStage(int worker, ServiceMaps maps, Rewriter rewriter, IcmpErrorTranslator icmpErrors) {
        this.worker = worker;
        this.maps = maps;
        this.rewriter = rewriter;
        this.icmpErrors = icmpErrors;
    }

    /** Returns the entry's checksum deltas as they apply to packets of the handle's direction. */
    static int directedDeltas(long handle) {
        return Entry.deltas(Conntrack.entry(handle)) ^ -Conntrack.direction(handle); // both halves negated for replies
    }

    /** As {@link Nat#apply}. */
    void apply(Burst burst) {
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
        for (int i = 0; i < burst.count; i++) {
            if (isTranslated(burst, i)) {
                long entry = Conntrack.entry(burst.handle(i));
                int length = burst.length(i);
                services.add(worker, Entry.serviceId(entry), 1, length);
                backends.add(worker, Entry.backendId(entry), 1, length);
            }
        }
    }

    /** Rewrites packets from one on as long as they are plain IPv4, or need no rewriting. Returns the first that is not. */
    private int rewriteIpv4Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count) {
            if (isTranslated(burst, i)) {
                if (!burst.isPlainIpv4(i)) {
                    break;
                }
                rewriteIpv4(burst, i, burst.handle(i));
            }
            i++;
        }
        return i;
    }

    private int rewriteIpv6Run(Burst burst, int from) {
        int i = from;
        while (i < burst.count && isTranslated(burst, i) && burst.isPlainIpv6(i)) {
            rewriteIpv6(burst, i, burst.handle(i));
            i++;
        }
        return i;
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
                Long.rotateLeft(EntryTuple.addresses(entry, other), 32),
                Integer.rotateLeft(EntryTuple.ports(entry, other), 16),
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
                EntryTuple.destinationHi(entry, other),
                EntryTuple.destinationLo(entry, other),
                EntryTuple.sourceHi(entry, other),
                EntryTuple.sourceLo(entry, other),
                Integer.rotateLeft(EntryTuple.ports(entry, other), 16),
                deltas & 0xFFFF,
                deltas >>> 16);
    }

    /** Rewrites a run of plain IPv6, or one packet. Returns the next one. */
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
                EntryTuple.destinationHi(entry, other),
                EntryTuple.destinationLo(entry, other),
                EntryTuple.sourceHi(entry, other),
                EntryTuple.sourceLo(entry, other),
                FiveTuple.reverse(EntryTuple.transport(entry, other)),
                deltas & 0xFFFF,
                deltas >>> 16);
    }
}
