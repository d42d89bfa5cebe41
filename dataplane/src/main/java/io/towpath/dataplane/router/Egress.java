package io.towpath.dataplane.router;

import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Reason;
import io.towpath.wire.Ethernet;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** Queues frames to ports, cut into fragments where the way on is too narrow. One per worker. */
final class Egress {
    private final Exit[] exits;
    private final MemorySegment frames;
    private final Verdicts verdicts;
    private final Fragmenter fragmenter;

    private record Exit(Port port, long mac, int mtu) {}

    Egress(List<RouterPort> networks, Port[] ports, FramePool pool, Verdicts verdicts) {
        this.exits = new Exit[ports.length];
        Arrays.setAll(
                exits,
                i -> new Exit(ports[i], networks.get(i).mac(), networks.get(i).mtu()));
        this.frames = pool.frames();
        this.verdicts = verdicts;
        this.fragmenter = new Fragmenter(pool);
    }

    /** Sends an IP packet to a neighbor. */
    void forward(int buffer, long l2, int length, int out, long mac, Reason reason) {
        Exit exit = exits[out];
        Ethernet.addresses(frames, l2, mac, exit.mac);
        if (length - Ethernet.HEADER_LENGTH > exit.mtu && fragmenter.mustCut(l2, exit.mtu)) {
            Reason failure = fragmenter.send(buffer, l2, exit.mtu, exit.port, reason);
            if (failure != Reason.NONE) {
                verdicts.done(buffer, length, failure);
            }
            return;
        }
        send(buffer, l2, length, exit.port, reason);
    }

    /** Sends a frame as it is. */
    void send(int buffer, long l2, int length, int out, Reason reason) {
        send(buffer, l2, length, exits[out].port, reason);
    }

    private void send(int buffer, long l2, int length, Port port, Reason reason) {
        if (!port.enqueue(buffer, l2, length, reason)) {
            verdicts.done(buffer, length, Reason.EGRESS_FULL);
        }
    }
}
