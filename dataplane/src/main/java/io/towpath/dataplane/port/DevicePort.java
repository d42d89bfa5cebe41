package io.towpath.dataplane.port;

import io.towpath.linux.Fd;

/** A port that is one queue of a device, which may go down or away and come back. What is not said otherwise is for the owner worker. */
public interface DevicePort {
    /** Returns how the device was last seen. Any thread. */
    LinkState link();

    /** Returns the queue that is used. Any thread. */
    Fd queue();

    /** Goes on with a queue of the device that was made anew; the old one is not used any more. May be refused, to be tried again. */
    void replace(Fd other);
}
