package io.towpath.dataplane.router;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * Cuts IPv4 packets, or fragments, that are larger than the MTU of their way (RFC 791 section 3.2, RFC 1812 section 4.2.2.7). One per worker.
 */
final class Fragmenter {
    /** Fragment offsets count in units of this, bytes. */
    private static final int UNIT = 8;

    private final FramePool pool;
    private final MemorySegment frames;

    Fragmenter(FramePool pool) {
        this.pool = pool;
        this.frames = pool.frames();
    }

    /** Returns whether a frame, untagged, is a single IPv4 packet above the MTU. A super-frame's segments fit as they are. */
    boolean mustCut(long l2, int mtu) {
        return Ethernet.type(frames, l2) == Ethernet.TYPE_IPV4
                && !VnetHeader.isGso(frames, l2)
                && Ipv4.totalLength(frames, l2 + Ethernet.HEADER_LENGTH) > mtu;
    }

    /**
     * Queues the fragments of a packet: the first stays in the packet's buffer and has its reason, the others get buffers of the pool.
     *
     * @return {@link Reason#NONE}, or why nothing was queued: then the buffer is the caller's
     */
    Reason send(int buffer, long l2, int mtu, Port port, Reason reason) {
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        int header = Ipv4.headerLength(frames, l3);
        int payload = Ipv4.totalLength(frames, l3) - header;
        int room = mtu - header & -UNIT;
        int count = (payload + room - 1) / room;
        if (pool.available() < count - 1) {
            return Reason.BUFFERS_EXHAUSTED;
        }
        if (port.room() < count) {
            return Reason.EGRESS_FULL;
        }
        completeChecksum(l2, l3, header, payload);
        int fragment = Ipv4.fragment(frames, l3);
        port.enqueue(buffer, l2, Ethernet.HEADER_LENGTH + header + room, reason);
        for (int from = room; from < payload; from += room) {
            later(l2, header, from, Math.min(room, payload - from), payload, fragment, port);
        }
        Ipv4.fragment(frames, l3, header + room, fragment | Ipv4.MORE_FRAGMENTS);
        return Reason.NONE;
    }

    /** Queues the fragment whose payload begins {@code from} bytes into the packet's. */
    private void later(long l2, int header, int from, int length, int payload, int fragment, Port port) {
        int buffer = pool.take();
        long out = FramePool.l2(buffer);
        long outL3 = out + Ethernet.HEADER_LENGTH;
        int headers = Ethernet.HEADER_LENGTH + header;
        VnetHeader.clear(frames, out);
        MemorySegment.copy(frames, l2, frames, out, headers);
        MemorySegment.copy(frames, l2 + headers + from, frames, out + headers, length);
        Ipv4.blankOptionsOfFirstFragment(frames, outL3);
        int more = from + length < payload ? Ipv4.MORE_FRAGMENTS : 0;
        Ipv4.fragment(frames, outL3, header + length, fragment + from / UNIT | more);
        port.enqueue(buffer, out, headers + length, Reason.NONE);
    }

    /** A device completes checksums of whole packets only. */
    private void completeChecksum(long l2, long l3, int header, int payload) {
        if (!VnetHeader.needsChecksum(frames, l2)) {
            return;
        }
        boolean tcp = Ipv4.protocol(frames, l3) == FiveTuple.TCP;
        long l4 = l3 + header;
        int checksum = Checksum.finish(Checksum.sum(frames, l4, payload));
        Bytes.u16(frames, l4 + (tcp ? Tcp.CHECKSUM_OFFSET : Udp.CHECKSUM_OFFSET), checksum == 0 ? 0xFFFF : checksum);
        VnetHeader.clear(frames, l2);
    }
}
