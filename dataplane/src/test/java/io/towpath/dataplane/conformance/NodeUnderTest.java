package io.towpath.dataplane.conformance;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.dataplane.pipeline.Node;
import io.towpath.nat.DesiredState;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;

/** A node whose interfaces have names, on the time of its packets. */
final class NodeUnderTest implements AutoCloseable {
    /** Entries swept after each packet, as a replay does. */
    private static final int SWEEP_LIMIT = 16;

    private final List<String> interfaces = new ArrayList<>();
    private DesiredState state;
    private Node node;

    /** What became of a packet. */
    record Outcome(Reason reason, List<byte[]> frames) {}

    /** Takes over a state, as one sync of the control thread does. */
    void sync(DesiredState next) {
        state = next;
        if (node == null) {
            node = new Node(next);
        }
        node.apply(next, interfaces);
        node.reconcile();
    }

    Outcome play(String ingress, byte[] frame, long nowNs) {
        Reason reason = node.play(number(ingress), frame, nowNs);
        Conntrack conntrack = node.conntrack();
        conntrack.sweep(conntrack.worker(0), nowNs, SWEEP_LIMIT);
        return new Outcome(reason, node.sent());
    }

    private int number(String ingress) {
        if (!interfaces.contains(ingress)) {
            interfaces.add(ingress);
            node.apply(state, interfaces);
        }
        return interfaces.indexOf(ingress);
    }

    /** Returns whether a connection is tracked that began with this tuple, and would take its next packet. */
    boolean tracks(int protocol, Frame.End source, Frame.End destination) {
        Conntrack conntrack = node.conntrack();
        Address from = Address.parse(source.address().getHostAddress());
        Address to = Address.parse(destination.address().getHostAddress());
        long transport = FiveTuple.transport(source.port(), destination.port(), protocol);
        long hash = conntrack.index().hash(from.hi(), from.lo(), to.hi(), to.lo(), transport);
        long handle = conntrack.index().lookup(hash, from.hi(), from.lo(), to.hi(), to.lo(), transport);
        return handle != Conntrack.MISS && !Entry.isStale(Conntrack.entry(handle));
    }

    @Override
    public void close() {
        if (node != null) {
            node.close();
        }
    }
}
