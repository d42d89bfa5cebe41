package io.towpath.dataplane.pipeline;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Answers;
import io.towpath.packet.Burst;
import io.towpath.packet.FlowKind;
import io.towpath.packet.Reason;
import io.towpath.packet.Verdict;

/**
 * Node mode: one port into a host whose kernel routes. Every packet that goes on leaves by the port it came in by, MAC addresses swapped;
 * the kernel has decremented the TTL already and will again.
 */
public final class NodeForwarding implements Forwarding {
    private final Port port;
    private final FramePool pool;
    private final Verdicts verdicts;
    private final IcmpErrorSender errors;

    public NodeForwarding(Port port, FramePool pool, Verdicts verdicts, IcmpErrorSender errors) {
        this.port = port;
        this.pool = pool;
        this.verdicts = verdicts;
        this.errors = errors;
    }

    @Override
    public void admit(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.kind[i] == FlowKind.ARP || burst.kind[i] == FlowKind.NEIGHBOR) {
                burst.settle(i, Reason.FRAME_NOT_FOR_US); // the host's neighbor entry for us is permanent
            }
        }
    }

    @Override
    public void route(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            if (burst.reason[i].verdict() == Verdict.REJECT) {
                // A rejected address answers for itself, as the kernel's reject does.
                errors.send(burst, i, port, burst.destinationHi[i], burst.destinationLo[i], 0, nowNs);
            }
        }
    }

    @Override
    public void dispatch(Burst burst, long nowNs) {
        for (int i = 0; i < burst.count; i++) {
            Reason reason = burst.reason[i];
            if (reason.verdict() == Verdict.FORWARD) {
                Answers.swapMacs(burst.frames, burst.l2[i]);
                if (port.enqueue(burst.buffer[i], burst.l2[i], burst.length[i], reason)) {
                    continue;
                }
                burst.reason[i] = Reason.EGRESS_FULL;
            }
            verdicts.count(burst.length[i], burst.reason[i]);
            pool.give(burst.buffer[i]);
        }
    }
}
