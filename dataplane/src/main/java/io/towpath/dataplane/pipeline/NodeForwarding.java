package io.towpath.dataplane.pipeline;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Answers;
import io.towpath.packet.Burst;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.packet.Verdict;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;

/**
 * Node mode: one port into a host whose kernel routes. Every packet that goes on leaves by the port it came in by, MAC addresses swapped;
 * the kernel has decremented the TTL on the packet's way here and will again.
 */
public final class NodeForwarding implements Forwarding {
    private final Port port;
    private final FramePool pool;
    private final Verdicts verdicts;
    private final IcmpErrorSender errors;
    private final boolean onHost;

    /** For a port that is the wire itself: packets leave as they came, but for what the Services want. */
    public NodeForwarding(Port port, FramePool pool, Verdicts verdicts, IcmpErrorSender errors) {
        this(port, pool, verdicts, errors, false);
    }

    private NodeForwarding(Port port, FramePool pool, Verdicts verdicts, IcmpErrorSender errors, boolean onHost) {
        this.onHost = onHost;
        this.port = port;
        this.pool = pool;
        this.verdicts = verdicts;
        this.errors = errors;
    }

    /**
     * For a host's TAP: packets get back the hop that the way to us took, so that the node counts as one router, and multicast, which the
     * host sends on every link, does not go back to it.
     */
    public static NodeForwarding onHost(Port port, FramePool pool, Verdicts verdicts, IcmpErrorSender errors) {
        return new NodeForwarding(port, pool, verdicts, errors, true);
    }

    @Override
    public void admit(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.kind(i) == FlowKind.ARP || burst.kind(i) == FlowKind.NEIGHBOR) {
                burst.settle(i, Reason.FRAME_NOT_FOR_US); // the host needs no answer to know our MAC address
            } else if (onHost && burst.kind(i) != FlowKind.INVALID && isGroup(burst, i)) {
                burst.settle(i, Reason.MULTICAST_UNSUPPORTED);
            }
        }
    }

    @Override
    public void route(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.reason(i).verdict() == Verdict.REJECT) {
                // A rejected address answers for itself, as the kernel's reject does.
                errors.send(burst, i, port, burst.destinationHi(i), burst.destinationLo(i), 0, nowNs);
            }
        }
    }

    @Override
    public void dispatch(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            Reason reason = burst.reason(i);
            if (reason.verdict() == Verdict.FORWARD) {
                Answers.swapMacs(burst.frames, burst.l2(i));
                if (onHost) {
                    restoreHop(burst, i);
                }
                if (port.enqueue(burst.buffer(i), burst.l2(i), burst.length(i), reason)) {
                    continue;
                }
                burst.reason(i, Reason.EGRESS_FULL);
            }
            verdicts.count(burst.length(i), burst.reason(i));
            pool.give(burst.buffer(i));
        }
    }

    private static boolean isGroup(Burst burst, int i) {
        return Ethernet.isGroup(Ethernet.destination(burst.frames, burst.l2(i)));
    }

    private static void restoreHop(Burst burst, int i) {
        if (burst.isIpv4(i)) {
            Ipv4.incrementTtl(burst.frames, burst.l3(i));
        } else {
            Ipv6.incrementHopLimit(burst.frames, burst.l3(i));
        }
    }

    @Override
    public boolean hasPending() {
        return false; // the host's kernel knows its neighbors
    }

    @Override
    public int releasePending(long nowNs) {
        return 0;
    }
}
