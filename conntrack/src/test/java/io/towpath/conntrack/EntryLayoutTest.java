package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Other processes read entries: their layout changes with {@link Conntrack#ENTRIES_LAYOUT_VERSION} only. */
final class EntryLayoutTest {
    @Test
    void shouldKeepItsOffsets() {
        assertEquals(2, Conntrack.ENTRIES_LAYOUT_VERSION);
        assertEquals(256, Entry.BYTES);
        assertEquals(40, Entry.LIFE);
        assertEquals(44, Entry.NAT_FLAGS);
        assertEquals(48, Entry.DELTAS);
        assertEquals(52, Entry.SERVICE);
        assertEquals(56, Entry.BACKEND);
        assertEquals(60, Entry.LINK);
        assertEquals(64, Entry.REPLY_TUPLE);
        assertEquals(104, Entry.CREATED);
        assertEquals(128, Entry.LAST_SEEN);
        assertEquals(136, Entry.STATE);
        assertEquals(140, Entry.STATUS);
        assertEquals(144, Entry.TCP_ORIGINAL);
        assertEquals(160, Entry.TCP_REPLY);
        assertEquals(176, Entry.TCP_MAX_ACK);
        assertEquals(144, Entry.SCTP_TAGS);
        assertEquals(152, Entry.SCTP_FLAGS);
        assertEquals(192, Entry.COUNTERS);
        assertEquals(224, Entry.TCP_LAST);
    }
}
