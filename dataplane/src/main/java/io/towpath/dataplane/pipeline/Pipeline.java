package io.towpath.dataplane.pipeline;

import io.towpath.nat.Nat;
import io.towpath.packet.Burst;
import io.towpath.packet.FrameParser;

/**
 * A packet's way through one worker, stage by stage over a whole burst. What a stage finds out about a packet, and the reason for which it
 * goes on, is answered or is dropped, stands in the {@link Burst} for the stages after it. {@code docs/packet-path.md} walks through it.
 */
public final class Pipeline {
    private final Nat nat;
    private final Forwarding forwarding;
    private final Fragments fragments;

    public Pipeline(Nat nat, Forwarding forwarding, Fragments fragments) {
        this.nat = nat;
        this.forwarding = forwarding;
        this.fragments = fragments;
    }

    /** Brings every frame of the burst to its verdict. Owner worker only. */
    public void process(Burst burst, long nowNs) {
        FrameParser.parse(burst);
        forwarding.admit(burst, nowNs);
        boolean fragmented = burst.fragments > 0;
        if (fragmented) {
            fragments.collect(burst, nowNs);
        }
        nat.resolve(burst, nowNs);
        forwarding.route(burst, nowNs);
        nat.apply(burst);
        if (fragmented) {
            fragments.divide(burst);
        }
        forwarding.dispatch(burst, nowNs);
        if (fragmented) {
            fragments.sendRest(burst, forwarding, nowNs);
        }
        fragments.sweep(nowNs);
    }
}
