package io.towpath.dataplane.port;

import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Udp;
import java.lang.foreign.MemorySegment;

/**
 * Makes super-frames of the UDP datagrams that a port is about to send: one write, and one way through the receiving kernel, for up to
 * {@value #SEGMENTS_MAX} of them. That kernel, or its device, cuts it into the same datagrams again ({@code net/ipv4/udp_offload.c}), each
 * with the headers of the first and an identification one above that of the one before.
 *
 * <p>So what is joined are datagrams of one flow whose headers are equal, whose identifications go up by one or mean nothing (DF: RFC 6864
 * section 4.1), and whose payloads are equally long; a shorter one is the last. Checksums are made anew by whoever cuts, so one that is
 * complete must be there and right. Those are the conditions of the kernel's own {@code udp_gro_receive}, but that any identification may
 * stand beside DF. A flow's order is kept; frames of other flows may lie between its datagrams.
 *
 * <p>Nothing waits: only what is queued together is joined, and nothing is kept from one queue to the next. The payloads are copied into
 * the first one's buffer, which has room for the largest IP packet. Owner worker only.
 */
public final class UdpMerger {
    /** Datagrams of a super-frame: as many as Linux' own GRO joins (UDP_GRO_CNT_MAX, {@code net/ipv4/udp_offload.c}). */
    static final int SEGMENTS_MAX = 64;
    /** Flows that are looked out for at once: a burst of many has little to be joined, and each frame is compared with all of these. */
    static final int FLOWS_MAX = 8;

    private static final int FRAME_LENGTH_MAX = Ethernet.HEADER_LENGTH + 65_535;

    // What a frame is to the flows that are looked out for:
    private static final int DATAGRAM = 0;
    private static final int OTHER = 1;
    /** May belong to any of them: UDP in fragments, or with options. */
    private static final int OBSCURE = 2;

    private static final int PLAIN_IPV4 = 0x45;
    /** More-fragments flag and offset in the first eight bytes. */
    private static final int FRAGMENT_MASK = 0x3FFF;

    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    private final FramePool pool;
    private final MemorySegment frames;

    /** By place in the queue: payload bytes of the first datagram. */
    private final int[] segment = new int[SendQueue.LIMIT];

    // The flows, by number:
    private final long[] flows = new long[FLOWS_MAX];
    /** Place in the queue of the frame that the flow's next datagram may join. */
    private final int[] places = new int[FLOWS_MAX];

    private int flowCount;
    private int nextReplaced;

    // Of the frame that is looked at, if it is a datagram:
    /** Of addresses and ports; equal for two flows now and then, so it only tells where to look closer. */
    private long flow;

    private long l4;
    private int payload;

    /** @param pool of the port's worker, as all frames that it sends are in; they begin where {@link FramePool#l2} says */
    public UdpMerger(FramePool pool) {
        this.pool = pool;
        this.frames = pool.frames();
    }

    /** Joins what may be joined. Buffers that are not needed any more go back to the pool. */
    void merge(SendQueue queue) {
        if (queue.count < 2) {
            return;
        }
        flowCount = 0;
        int kept = 0;
        for (int i = 0; i < queue.count; i++) {
            int kind = look(queue.l2(i));
            if (kind == DATAGRAM && joins(queue, i)) {
                pool.give(queue.buffer(i));
                continue;
            }
            if (kind == OBSCURE) {
                flowCount = 0;
            } else if (kind == DATAGRAM && mayBeFirst(queue.l2(i))) {
                segment[kept] = payload;
                begin(kept);
            }
            queue.move(i, kept++);
        }
        queue.count = kept;
        for (int i = 0; i < kept; i++) {
            if (queue.packets(i) > 1) {
                UdpSuperFrame.write(frames, queue.l2(i), queue.length(i), segment[i]);
            }
        }
    }

    private int look(long l2) {
        return switch (Ethernet.type(frames, l2)) {
            case Ethernet.TYPE_IPV4 -> lookIpv4(l2 + Ethernet.HEADER_LENGTH);
            case Ethernet.TYPE_IPV6 -> lookIpv6(l2 + Ethernet.HEADER_LENGTH);
            default -> OTHER;
        };
    }

    private int lookIpv4(long l3) {
        if (Ipv4.protocol(frames, l3) != FiveTuple.UDP) {
            return OTHER;
        }
        long first = Bytes.i64(frames, l3);
        if (first >>> 56 != PLAIN_IPV4 || (first & FRAGMENT_MASK) != 0) {
            return OBSCURE;
        }
        l4 = l3 + Ipv4.MIN_HEADER_LENGTH;
        payload = Ipv4.totalLength(frames, l3) - Ipv4.MIN_HEADER_LENGTH - Udp.HEADER_LENGTH;
        flow = Ipv4.addresses(frames, l3) * SPREAD ^ Udp.ports(frames, l4);
        return DATAGRAM;
    }

    private int lookIpv6(long l3) {
        int next = Ipv6.nextHeader(frames, l3);
        if (next != FiveTuple.UDP) {
            return next == FiveTuple.TCP || next == FiveTuple.ICMPV6 ? OTHER : OBSCURE;
        }
        l4 = l3 + Ipv6.HEADER_LENGTH;
        payload = Ipv6.payloadLength(frames, l3) - Udp.HEADER_LENGTH;
        long source = (Ipv6.sourceHi(frames, l3) * SPREAD ^ Ipv6.sourceLo(frames, l3)) * SPREAD;
        long destination = (Ipv6.destinationHi(frames, l3) * SPREAD ^ Ipv6.destinationLo(frames, l3)) * SPREAD;
        flow = (source * SPREAD ^ destination) * SPREAD ^ Udp.ports(frames, l4);
        return DATAGRAM;
    }

    private boolean mayBeFirst(long l2) {
        return payload > 0 && UdpSuperFrame.mayHold(frames, l2, l4, payload);
    }

    /** Joins the datagram that was looked at to its flow's, or ends theirs, so that it cannot be overtaken. */
    private boolean joins(SendQueue queue, int i) {
        int number = find();
        if (number < 0) {
            return false;
        }
        int first = places[number];
        if (!fits(queue, first, i)) {
            end(number);
            return false;
        }
        long firstL2 = queue.l2(first);
        int headers = (int) (l4 - queue.l2(i)) + Udp.HEADER_LENGTH;
        int length = headers + segment[first] * queue.packets(first);
        MemorySegment.copy(frames, l4 + Udp.HEADER_LENGTH, frames, firstL2 + length, payload);
        queue.join(first, queue.bytes(i), length + payload);
        if (payload < segment[first] || queue.packets(first) == SEGMENTS_MAX) {
            end(number);
        }
        return true;
    }

    private boolean fits(SendQueue queue, int first, int i) {
        long l2 = queue.l2(i);
        long firstL2 = queue.l2(first);
        long firstL4 = firstL2 + (l4 - l2);
        int packets = queue.packets(first);
        return payload > 0
                && payload <= segment[first]
                && l4 - l2 + Udp.HEADER_LENGTH + (long) segment[first] * packets + payload <= FRAME_LENGTH_MAX
                && queue.reason(i) == queue.reason(first)
                && UdpSuperFrame.areOneFlow(frames, firstL2, l2, packets)
                && UdpSuperFrame.mayHold(frames, l2, l4, payload)
                && UdpSuperFrame.isChecksumRight(frames, l2, l4)
                && (packets > 1 || UdpSuperFrame.isChecksumRight(frames, firstL2, firstL4));
    }

    private int find() {
        for (int number = 0; number < flowCount; number++) {
            if (flows[number] == flow) {
                return number;
            }
        }
        return -1;
    }

    private void begin(int place) {
        int number = flowCount;
        if (number < FLOWS_MAX) {
            flowCount++;
        } else {
            number = nextReplaced;
            nextReplaced = (nextReplaced + 1) % FLOWS_MAX;
        }
        flows[number] = flow;
        places[number] = place;
    }

    private void end(int number) {
        flowCount--;
        flows[number] = flows[flowCount];
        places[number] = places[flowCount];
    }
}
