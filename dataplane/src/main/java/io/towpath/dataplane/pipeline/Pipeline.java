package io.towpath.dataplane.pipeline;

import io.towpath.nat.Nat;
import io.towpath.packet.Burst;
import io.towpath.packet.FrameParser;

/** A packet's way through one worker, stage by stage over a whole burst. {@code docs/packet-path.md} walks through it. */
public final class Pipeline {
    private final Nat nat;
    private final Forwarding forwarding;

    public Pipeline(Nat nat, Forwarding forwarding) {
        this.nat = nat;
        this.forwarding = forwarding;
    }

    /** Brings every frame of the burst to its verdict. Owner worker only. */
    public void process(Burst burst, long nowNs) {
        FrameParser.parse(burst);
        forwarding.admit(burst, nowNs);
        nat.resolve(burst, nowNs);
        forwarding.route(burst, nowNs);
        nat.apply(burst);
        forwarding.dispatch(burst, nowNs);
    }
}
