package io.towpath.dataplane.pipeline;

import io.towpath.packet.Burst;

/** How a worker stands in its network: as a router between ports, or on a node behind one port. Called per burst. */
public interface Forwarding {
    /** Before connections are looked up: refuses frames, and answers those that concern the link. */
    void admit(Burst burst, long nowNs);

    /**
     * Once targets are known, packets not yet rewritten: decides where each goes, and tells senders why theirs does not go on. A packet that
     * goes on after this is not refused any more before {@link #dispatch}.
     */
    void route(Burst burst, long nowNs);

    /** After the rewrite: queues what goes on; gives back and counts the rest. */
    void dispatch(Burst burst, long nowNs);

    /** Returns whether frames wait for something else than frames. */
    boolean hasPending();

    /** Goes on with the frames that wait. Returns how many are done. */
    int releasePending(long nowNs);
}
