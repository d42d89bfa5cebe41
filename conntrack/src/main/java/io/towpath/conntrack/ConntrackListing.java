package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.towpath.maps.MapKind;
import io.towpath.maps.PinnedMaps;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** Reads the connections of an engine in another process while it runs. What changes meanwhile may be seen or not. */
public final class ConntrackListing {
    private final MemorySegment entries;
    private final MemorySegment families;

    /** A connection. Its reply tuple's source is where its packets go. */
    public record Connection(
            int protocol,
            String state,
            String source,
            String destination,
            String replySource,
            String replyDestination,
            boolean assured,
            long originalPackets,
            long originalBytes,
            long replyPackets,
            long replyBytes) {}

    public ConntrackListing(PinnedMaps maps) {
        entries = maps.region(Conntrack.ENTRIES_MAP, MapKind.ARRAY, Conntrack.ENTRIES_LAYOUT_VERSION)
                .data();
        families = maps.region(EntryPages.MAP, MapKind.ARRAY, EntryPages.LAYOUT_VERSION)
                .data();
    }

    public void forEach(Consumer<Connection> consumer) {
        for (long page = 1; page < families.byteSize(); page++) {
            int family = families.get(JAVA_BYTE, page);
            if (family == EntryPages.IPV4 || family == EntryPages.IPV6) {
                int bytes = Entry.bytes(family == EntryPages.IPV6);
                long end = Math.min((page + 1) * EntryPages.PAGE_BYTES, entries.byteSize());
                for (long at = page * EntryPages.PAGE_BYTES; at + bytes <= end; at += bytes) {
                    visit(entries.address() + at, consumer);
                }
            }
        }
    }

    private static void visit(long entry, Consumer<Connection> consumer) {
        if (Entry.isLive(entry) && !Entry.isTemplate(entry)) {
            Connection connection = read(entry);
            if (Entry.isLive(entry)) {
                consumer.accept(connection);
            }
        }
    }

    private static Connection read(long entry) {
        int protocol = Entry.protocol(entry);
        int status = Entry.status(entry);
        int state = Entry.state(entry);
        return new Connection(
                protocol,
                switch (protocol) {
                    case FiveTuple.TCP -> TcpState.name(state);
                    case FiveTuple.SCTP -> SctpState.name(state);
                    default ->
                        Entry.isStale(entry) ? "STALE" : (status & Entry.SEEN_REPLY) != 0 ? "REPLIED" : "UNREPLIED";
                },
                source(entry, 0),
                destination(entry, 0),
                source(entry, 1),
                destination(entry, 1),
                (status & Entry.ASSURED) != 0,
                Entry.packets(entry, 0),
                Entry.bytes(entry, 0),
                Entry.packets(entry, 1),
                Entry.bytes(entry, 1));
    }

    private static String source(long entry, int direction) {
        return new Address(EntryTuple.sourceHi(entry, direction), EntryTuple.sourceLo(entry, direction))
                .withPort(FiveTuple.sourcePort(EntryTuple.transport(entry, direction)));
    }

    private static String destination(long entry, int direction) {
        return new Address(EntryTuple.destinationHi(entry, direction), EntryTuple.destinationLo(entry, direction))
                .withPort(FiveTuple.destinationPort(EntryTuple.transport(entry, direction)));
    }
}
