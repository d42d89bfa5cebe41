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
    protected final void send(int buffer, long l2, int length, Reason reason, Outcome outcome) {
        Reason failure = transmit(l2, length);
        if (failure != null) {
            drops().count(failure);
        }
        outcome.done(buffer, length, failure == null ? reason : failure);
    }
}
