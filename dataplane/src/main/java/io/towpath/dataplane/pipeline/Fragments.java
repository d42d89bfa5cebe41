package io.towpath.dataplane.pipeline;

import io.towpath.dataplane.port.FramePool;
import io.towpath.nat.FragmentTable;
import io.towpath.packet.Burst;
import io.towpath.packet.FlowKind;
import io.towpath.packet.FrameParser;
import io.towpath.packet.Reason;
import io.towpath.packet.Verdict;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * Brings packets that come in fragments through the pipeline as one, and sends them on in the same fragments. One per worker.
 *
 * <p>{@link #collect} holds fragments back. The frame that makes a packet whole becomes that packet, in a buffer of its own, for the stages
 * that decide and rewrite; {@link #divide} turns it into the packet's first fragment; {@link #sendRest} sends the others, cut from the
 * whole. So connection tracking, NAT and ICMP errors know nothing of fragments. A burst without any only passes a branch.
 */
public final class Fragments implements AutoCloseable {
    /** Packets given up in a burst at most; more are found by the next ones. */
    private static final int SWEEP_LIMIT = 16;

    private final FramePool pool;
    private final MemorySegment frames;
    private final Verdicts verdicts;
    private final FragmentTable table;

    // The packets of the burst that became whole.
    private final int[] packet = new int[Burst.LIMIT];
    private final int[] frame = new int[Burst.LIMIT];
    private final int[] buffer = new int[Burst.LIMIT];
    private final int[] headerBytes = new int[Burst.LIMIT];
    private int wholes;

    /** Buffers for their later fragments. Taken before a packet is decided about, as none that goes on may be dropped for want of them. */
    private final int[] reserved = new int[Burst.LIMIT * FragmentTable.FRAGMENTS_LIMIT];

    private int reservedCount;

    private final Burst rest;

    /**
     * @param workers that share the memory for fragments
     * @param seed of the table's hash; secret
     */
    public Fragments(FramePool pool, Verdicts verdicts, int workers, long seed) {
        this(pool, verdicts, FragmentTable.PACKETS / workers, FragmentTable.BYTES / workers, seed);
    }

    Fragments(FramePool pool, Verdicts verdicts, int packets, int bytes, long seed) {
        this.pool = pool;
        this.frames = pool.frames();
        this.verdicts = verdicts;
        this.table = new FragmentTable(packets, bytes, seed, verdicts::countHeld);
        this.rest = new Burst(frames);
    }

    /** Takes the fragments out of a burst that has some, and puts the packets that are complete now in. */
    void collect(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            burst.longestFragment(i, 0);
            if (burst.kind(i) == FlowKind.FRAGMENT) {
                burst.length(i, (int) (burst.l4(i) + burst.l4Length(i) - burst.l2(i))); // without padding
                Reason reason = table.offer(burst, i, nowNs);
                if (reason == Reason.NONE) {
                    makeWhole(burst, i);
                } else {
                    burst.settle(i, reason);
                }
            }
        }
    }

    private void makeWhole(Burst burst, int i) {
        int complete = table.completed();
        int first = table.first(complete);
        int longest = 0;
        int fragments = 0;
        for (int f = first; f >= 0; f = table.next(f), fragments++) {
            longest = Math.max(longest, table.frameBytes(f));
            if (f != table.completing()) {
                verdicts.release(table.frameBytes(f));
            }
        }
        int w = wholes++;
        packet[w] = complete;
        frame[w] = i;
        buffer[w] = -1;
        headerBytes[w] = table.headerBytes(first);
        if (pool.available() < fragments) { // the first one has the buffer it was received in; the whole needs one
            burst.settle(i, Reason.BUFFERS_EXHAUSTED);
            return;
        }
        buffer[w] = pool.take();
        for (int later = 1; later < fragments; later++) {
            reserved[reservedCount++] = pool.take();
        }
        int link = (int) (burst.l3(i) - burst.l2(i));
        long l2 = FramePool.l2(buffer[w]);
        VnetHeader.clear(frames, l2);
        burst.length(i, table.assemble(complete, frames, l2));
        burst.longestFragment(i, longest - link);
        burst.l2(i, l2);
        burst.l3(i, l2 + link);
        FrameParser.parseWhole(burst, i);
    }

    /** Once whole packets are decided about and rewritten: makes each its first fragment. */
    void divide(Burst burst) {
        for (int w = 0; w < wholes; w++) {
            int i = frame[w];
            if (burst.reason(i).verdict() == Verdict.REPLY) {
                burst.settle(i, Reason.FRAGMENT_UNSUPPORTED); // no echo of fragments to our own addresses
            }
            cutFirst(burst, i, w, table.frameBytes(table.first(packet[w])));
        }
    }

    /** Puts the first fragment where the frame was received. */
    private void cutFirst(Burst burst, int i, int w, int length) {
        long received = FramePool.l2(burst.buffer(i));
        if (buffer[w] >= 0) {
            long moved = received - burst.l2(i);
            VnetHeader.clear(frames, received);
            MemorySegment.copy(frames, burst.l2(i), frames, received, length);
            burst.l2(i, received);
            burst.l3(i, burst.l3(i) + moved);
            burst.l4(i, burst.l4(i) + moved);
            burst.l4Length(i, (int) (received + length - burst.l4(i)));
        }
        burst.length(i, length);
    }

    /** After the dispatch of the burst: sends the later fragments of its whole packets, or counts them like the first; forgets the packets. */
    void sendRest(Burst burst, Forwarding forwarding, long nowNs) {
        for (int w = 0; w < wholes; w++) {
            Reason reason = burst.reason(frame[w]);
            for (int f = table.next(table.first(packet[w])); f >= 0; f = table.next(f)) {
                if (reason.verdict() != Verdict.FORWARD) {
                    verdicts.count(table.frameBytes(f), reason);
                    continue;
                }
                cut(burst, w, f);
                if (rest.count == Burst.LIMIT) {
                    send(forwarding, nowNs);
                }
            }
        }
        send(forwarding, nowNs);
        while (reservedCount > 0) {
            pool.give(reserved[--reservedCount]);
        }
        for (int w = 0; w < wholes; w++) {
            if (buffer[w] >= 0) {
                pool.give(buffer[w]);
            }
            table.release(packet[w]);
        }
        wholes = 0;
    }

    private void send(Forwarding forwarding, long nowNs) {
        forwarding.route(rest, nowNs);
        forwarding.dispatch(rest, nowNs);
        rest.clear();
    }

    /** Appends a later fragment, with the addresses and the hop limit of the whole packet as the kernel's ip_do_fragment has it. */
    private void cut(Burst burst, int w, int fragment) {
        int i = frame[w];
        int length = table.frameBytes(fragment);
        int out = reserved[--reservedCount];
        long l2 = FramePool.l2(out);
        long whole = FramePool.l2(buffer[w]);
        int headers = table.headerBytes(fragment);
        VnetHeader.clear(frames, l2);
        table.copyHeaders(fragment, frames, l2);
        MemorySegment.copy(
                frames,
                whole + headerBytes[w] + table.offset(fragment),
                frames,
                l2 + headers,
                table.payloadBytes(fragment));
        int n = rest.count;
        rest.add(burst.ingress(i), out, l2, length);
        long link = burst.l3(i) - burst.l2(i);
        rest.kind(n, FlowKind.FRAGMENT);
        rest.l3(n, l2 + link);
        rest.l4(n, l2 + headers);
        rest.l4Length(n, length - headers);
        rest.handle(n, -1);
        rest.reason(n, burst.reason(i));
        rest.sourceHi(n, burst.sourceHi(i));
        rest.sourceLo(n, burst.sourceLo(i));
        rest.destinationHi(n, burst.destinationHi(i));
        rest.destinationLo(n, burst.destinationLo(i));
        rest.transport(n, burst.transport(i));
        rest.targetHi(n, burst.targetHi(i));
        rest.targetLo(n, burst.targetLo(i));
        translate(whole + link, l2 + link, burst.isIpv4(i));
    }

    private void translate(long wholeL3, long l3, boolean ipv4) {
        if (ipv4) {
            Ipv4.source(frames, l3, Ipv4.source(frames, wholeL3));
            Ipv4.destination(frames, l3, Ipv4.destination(frames, wholeL3));
            Ipv4.ttl(frames, l3, Ipv4.ttl(frames, wholeL3));
            Ipv4.updateChecksum(frames, l3);
        } else {
            Ipv6.source(frames, l3, Ipv6.sourceHi(frames, wholeL3), Ipv6.sourceLo(frames, wholeL3));
            Ipv6.destination(frames, l3, Ipv6.destinationHi(frames, wholeL3), Ipv6.destinationLo(frames, wholeL3));
            Ipv6.hopLimit(frames, l3, Ipv6.hopLimit(frames, wholeL3));
        }
    }

    /** Gives up packets whose time is over. */
    void sweep(long nowNs) {
        if (table.held() > 0) {
            table.sweep(nowNs, SWEEP_LIMIT);
        }
    }

    @Override
    public void close() {
        table.close();
    }
}
