package io.towpath.dataplane.control;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How it stands with the source of objects. Times are milliseconds since 1970, 0 for never.
 *
 * @param source what it is, for people
 * @param connectedSinceMs 0 while something of it cannot be read
 * @param lastEventMs when it last told of an object
 * @param lastEventOfKindMs the same by kind of object, as far as the source knows kinds
 * @param synced kinds of objects that were read as a whole at least once
 * @param lastError empty while there is none
 */
public record SourceStatus(
        String source,
        State state,
        long connectedSinceMs,
        long lastEventMs,
        Map<String, Long> lastEventOfKindMs,
        Set<String> synced,
        String lastError) {
    /** Where what is in force comes from. */
    public enum State {
        /** Nothing is in force yet. */
        WAITING,
        /** What an earlier process kept on disk. */
        SAVED,
        /** The source itself, even if it cannot be read just now. */
        LIVE;

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public SourceStatus {
        lastEventOfKindMs = Map.copyOf(lastEventOfKindMs);
        synced = Set.copyOf(synced);
    }

    /** Returns whether all of it can be read now. */
    public boolean isConnected() {
        return connectedSinceMs != 0;
    }
}
