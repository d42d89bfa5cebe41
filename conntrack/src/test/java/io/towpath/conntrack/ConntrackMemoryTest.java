package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.MapRegion;
import io.towpath.maps.MapSpec;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import org.junit.jupiter.api.Test;

/** What a connection takes of memory, all included: its entry, its share of the index and of what is kept in reserve. */
final class ConntrackMemoryTest {
    private static final int ENTRIES = 1 << 20;
    private static final int IPV4_LIMIT = 160;
    /** Of a table of IPv6 only: its entry and index words take 221, the rest is room in the index for more connections of IPv4. */
    private static final int IPV6_LIMIT = 241;

    /** Adds up the maps of the connection table; the counts by backend do not grow with connections. */
    private static final class MeasuringStore implements MapStore {
        private final AnonymousMapStore store = new AnonymousMapStore();
        private long bytes;

        @Override
        public MapRegion create(MapSpec spec) {
            bytes += spec.name().equals(BackendConnections.MAP) ? 0 : spec.dataBytes();
            return store.create(spec);
        }

        @Override
        public MapRegion leftover(String name) {
            return null;
        }

        @Override
        public void refuse(String name, String why) {
            store.refuse(name, why);
        }

        @Override
        public void close() {
            store.close();
        }
    }

    @Test
    void shouldFitManyConnectionsIntoLittle() {
        try (MeasuringStore store = new MeasuringStore()) {
            Conntrack table = new Conntrack(
                    store, ConntrackConfig.defaults().withMaxEntries(ENTRIES), 1, 16, 1, new Quiescence(1));

            assertTrue(ConntrackCounts.of(table).capacity() >= ENTRIES);
            double ipv4Bytes = (double) store.bytes / ENTRIES;
            assertTrue(ipv4Bytes <= IPV4_LIMIT, ipv4Bytes + " bytes a connection of IPv4");
            double ipv6Bytes = ipv4Bytes * 32 / 21; // entries on a page
            assertTrue(
                    ipv6Bytes <= IPV6_LIMIT, ipv6Bytes + " bytes a connection of IPv6, of a table that has no others");
        }
    }
}
