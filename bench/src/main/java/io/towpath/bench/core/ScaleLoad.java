package io.towpath.bench.core;

import io.towpath.packet.Burst;

/** What one worker does while it is measured, burst by burst. Its own thread only. */
interface ScaleLoad {
    /** Before the first burst of a sample. */
    default void begin() {}

    /** Does what {@link Burst#LIMIT} packets take. Returns the nanoseconds of that. */
    long burst();

    /** Returns whether the sample ends here, whatever time is left. */
    default boolean isOver() {
        return false;
    }

    /** Behind the last burst of a sample, while others may still be at work. */
    default void end() {}

    /** After the last worker's {@link #end}: makes the next sample possible. */
    default void reset() {}
}
