package io.towpath.dataplane.router;

import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Reason;
import io.towpath.wire.Ethernet;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Queues frames to ports, cut into fragments where the way on is too narrow. One per worker. */
final class Egress {
    private final int[] mtus;
    private final long[] macs;
    private final Port[] ports;
    private final MemorySegment frames;
    private final Verdicts verdicts;
    private final Fragmenter fragmenter;

    Egress(List<RouterPort> networks, Port[] ports, FramePool pool, Verdicts verdicts) {
        this.mtus = networks.stream().mapToInt(RouterPort::mtu).toArray();
        this.macs = networks.stream().mapToLong(RouterPort::mac).toArray();
        this.ports = ports;
        this.frames = pool.frames();
        this.verdicts = verdicts;
        this.fragmenter = new Fragmenter(pool);
    }

    /** Sends an IP packet to a neighbor. */
    void forward(int buffer, long l2, int length, int out, long mac, Reason reason) {
        Ethernet.addresses(frames, l2, mac, macs[out]);
        int mtu = mtus[out];
        if (length - Ethernet.HEADER_LENGTH > mtu && fragmenter.mustCut(l2, mtu)) {
            Reason failure = fragmenter.send(buffer, l2, mtu, ports[out], reason);
            if (failure != Reason.NONE) {
                verdicts.done(buffer, length, failure);
            }
            return;
        }
        send(buffer, l2, length, out, reason);
    }

    /** Sends a frame as it is. */
    void send(int buffer, long l2, int length, int out, Reason reason) {
        if (!ports[out].enqueue(buffer, l2, length, reason)) {
            verdicts.done(buffer, length, Reason.EGRESS_FULL);
        }
    }
}
