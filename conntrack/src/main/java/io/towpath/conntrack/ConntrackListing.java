package io.towpath.conntrack;

import io.towpath.maps.MapKind;
import io.towpath.maps.PinnedMaps;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** Reads the connections of an engine in another process while it runs. What changes meanwhile may be seen or not. */
public final class ConntrackListing {
    private final MemorySegment entries;

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
    }

    public void forEach(Consumer<Connection> consumer) {
        for (long entry = Entry.BYTES; entry + Entry.BYTES <= entries.byteSize(); entry += Entry.BYTES) {
            if (Entry.lifeAcquire(entries, entry) == Entry.LIVE && !Entry.isTemplate(entries, entry)) {
                Connection connection = read(entry);
                if (Entry.lifeAcquire(entries, entry) == Entry.LIVE) {
                    consumer.accept(connection);
                }
            }
        }
    }

    private Connection read(long entry) {
        long reply = entry + Entry.REPLY_TUPLE;
        int protocol = FiveTuple.protocol(Entry.transport(entries, entry));
        int status = Entry.status(entries, entry);
        int state = Entry.state(entries, entry);
        return new Connection(
                protocol,
                switch (protocol) {
                    case FiveTuple.TCP -> TcpState.name(state);
                    case FiveTuple.SCTP -> SctpState.name(state);
                    default -> (status & Entry.SEEN_REPLY) != 0 ? "REPLIED" : "UNREPLIED";
                },
                source(entry),
                destination(entry),
                source(reply),
                destination(reply),
                (status & Entry.ASSURED) != 0,
                Entry.packets(entries, entry, 0),
                Entry.bytes(entries, entry, 0),
                Entry.packets(entries, entry, 1),
                Entry.bytes(entries, entry, 1));
    }

    private String source(long tuple) {
        return new Address(Entry.sourceHi(entries, tuple), Entry.sourceLo(entries, tuple))
                .withPort(FiveTuple.sourcePort(Entry.transport(entries, tuple)));
    }

    private String destination(long tuple) {
        return new Address(Entry.destinationHi(entries, tuple), Entry.destinationLo(entries, tuple))
                .withPort(FiveTuple.destinationPort(Entry.transport(entries, tuple)));
    }
}
