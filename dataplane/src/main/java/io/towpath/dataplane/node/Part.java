package io.towpath.dataplane.node;

import java.util.List;

/** One kind of what node mode sets up on the host. Each method may be called in any state of the host, and again. */
interface Part {
    /** Returns what is there and what is not. Changes nothing. */
    List<Finding> check();

    /** Brings the host to what node mode needs. */
    void apply();

    /** Takes everything of this kind away. */
    void remove();
}
