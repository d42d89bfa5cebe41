package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Other processes read entries: their layout changes with {@link Conntrack#ENTRIES_LAYOUT_VERSION} only. */
final class EntryLayoutTest {
    @Test
    void shouldKeepItsOffsets() {
        assertEquals(4, Conntrack.ENTRIES_LAYOUT_VERSION);
        assertEquals(128, Entry.IPV4_BYTES);
        assertEquals(192, Entry.IPV6_BYTES);
        assertEquals(0, EntryTuple.ADDRESSES);
        assertEquals(8, EntryTuple.PORTS);
        assertEquals(12, Entry.WORD);
        assertEquals(16, EntryTuple.REPLY);
        assertEquals(28, Entry.DELTAS);
        assertEquals(32, Entry.SERVICE);
        assertEquals(36, Entry.BACKEND);
        assertEquals(40, Entry.LAST_SEEN);
        assertEquals(44, Entry.CREATED);
        assertEquals(64, Entry.PACKETS);
        assertEquals(60, Entry.PACKETS_UPPER);
        assertEquals(112, Entry.TCP_LAST);
        assertEquals(72, Entry.BYTE_COUNTS);
        assertEquals(88, Entry.TCP_WINDOWS);
        assertEquals(48, Entry.TCP_MAX_WINDOWS);
        assertEquals(56, Entry.TCP_FLAGS);
        assertEquals(104, Entry.TCP_MAX_ACK);
        assertEquals(116, Entry.TCP_LAST_SEGMENT);
        assertEquals(48, Entry.SCTP_TAGS);
        assertEquals(56, Entry.SCTP_FLAGS);
        assertEquals(48, Entry.TEMPLATE_SECONDS);
        assertEquals(128, EntryTuple.IPV6_ADDRESSES);
        assertEquals(32, EntryTuple.IPV6_TUPLE_BYTES);
    }

    @Test
    void shouldHavePagesOfOneFamilyEach() {
        assertEquals(1, EntryPages.LAYOUT_VERSION);
        assertEquals(4096, EntryPages.PAGE_BYTES);
        assertEquals(64, EntryPages.LINE_BYTES);
        assertEquals(1, EntryPages.IPV4);
        assertEquals(2, EntryPages.IPV6);
    }
}
