package io.towpath.nat;

import io.towpath.packet.Reason;
import io.towpath.wire.Prefix;

/** What {@link BackendSelector} says about the new connection of a packet. A worker has one for each frame of a burst, and uses it again. */
final class Selection {
    /** Whether this is about the packet that the frame has now. */
    boolean isFound;

    /** {@link Reason#SERVICE}, {@link BackendSelector#NOT_A_SERVICE}, or why the connection is rejected or dropped. */
    Reason reason;

    /** Valid for a Service. */
    int serviceId;

    /** Whether the fields of the backend are valid. */
    boolean isChosen;

    long backendHi;
    long backendLo;
    int backendPort;
    int backendId;
    boolean masquerade;

    // What the choice is made from. The block is good for the burst.
    long block;
    boolean local;
    int count;
    int affinitySeconds;
    /** Of the backend that the client's memory had when the choice was made; 0 where it had none. */
    int rememberedId;

    boolean policyMasquerades;
    /** The client's bridge network, null where it is on none. */
    Prefix bridge;
}
