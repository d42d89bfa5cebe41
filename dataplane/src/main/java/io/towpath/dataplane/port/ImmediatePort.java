package io.towpath.dataplane.port;

import io.towpath.packet.Reason;

/** A port where a frame is sent, or not, as soon as it is its turn. */
public abstract class ImmediatePort extends Port {
    protected ImmediatePort(int index, String name) {
        super(index, name);
    }

    /** Sends one frame. Returns null, or why it could not be sent. */
    protected abstract Reason transmit(long l2, int length);

    @Override
    final void send(SendQueue from, int i, Outcome outcome) {
        Reason failure = transmit(from.l2(i), from.length(i));
        if (failure != null) {
            drops().count(failure, from.packets(i));
        }
        outcome.done(from.buffer(i), from.packets(i), from.bytes(i), failure == null ? from.reason(i) : failure);
    }
}
