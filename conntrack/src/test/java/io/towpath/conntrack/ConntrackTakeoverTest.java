package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.ConntrackTakeover.Resumed;
import io.towpath.linux.NativeMemory;
import io.towpath.maps.MapRegion;
import io.towpath.maps.PinnedMapStore;
import io.towpath.maps.PinnedMaps;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables that one process leaves and another one takes over, wherever the first was when it ended. */
final class ConntrackTakeoverTest {
    private static final long CLIENT = Address.mapped(0x0A00_0001);
    private static final long VIP = Address.mapped(0x0A60_0001);
    private static final long IPV6_NET = 0x2001_0DB8_0000_0000L;
    private static final long NOW_NS = 1_000_000_000_000L;
    private static final int MAX_ENTRIES = 200;
    /** Each worker has free entries of each family at hand. */
    private static final int ROOMY_TABLE = 1_000;

    private static final int BACKENDS = 16;

    /** What happens to a connection in the order in which it happens, and ends after one of these. */
    private static final int CREATION_STEPS = 4;

    private static final int REMOVAL_STEPS = 4;

    @TempDir
    Path folder;

    private final List<String> log = new ArrayList<>();
    private final Random random = new Random(5);
    private EntryReview review = new FixedReview(true, true);
    private boolean mixed;
    private PinnedMapStore store;
    private Quiescence quiescence;
    private Conntrack table;

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    /** Begins the next process; returns how many connections it took over. */
    private int start(int workers, int maxEntries) {
        if (store != null) {
            store.keep(); // unmaps and writes to no map, as the end of a process does
        }
        store = PinnedMapStore.open(folder.resolve("instance"), log::add);
        quiescence = new Quiescence(workers);
        Resumed resumed = ConntrackTakeover.resume(
                store,
                ConntrackConfig.defaults().withMaxEntries(maxEntries),
                workers,
                BACKENDS,
                random.nextLong(),
                quiescence,
                review,
                NOW_NS);
        table = resumed.table();
        return resumed.connections();
    }

    private int start(int workers) {
        return start(workers, MAX_ENTRIES);
    }

    /** Every third client of a mixed table is of IPv6. */
    private long hi(int client) {
        return mixed && client % 3 == 0 ? IPV6_NET : 0;
    }

    private void arguments(ConntrackWorker worker, int client) {
        int backend = 1 + client % (BACKENDS - 1);
        worker.originalSourceHi = hi(client);
        worker.originalDestinationHi = hi(client);
        worker.replySourceHi = hi(client);
        worker.replyDestinationHi = hi(client);
        worker.templateSeconds = 0;
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = FiveTuple.transport(client, 80, FiveTuple.UDP);
        worker.replySourceLo = FixedReview.BACKEND + backend;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = FiveTuple.transport(8080, client, FiveTuple.UDP);
        worker.natFlags = Entry.TRANSLATED;
        worker.deltas = client * 7;
        worker.serviceId = FixedReview.SERVICE;
        worker.backendId = backend;
    }

    private long create(int worker, int client) {
        arguments(table.worker(worker), client);
        return table.create(table.worker(worker), NOW_NS);
    }

    private long original(int client) {
        return find(hi(client), CLIENT, VIP, FiveTuple.transport(client, 80, FiveTuple.UDP));
    }

    private long reply(int client) {
        long backend = FixedReview.BACKEND + 1 + client % (BACKENDS - 1);
        return find(hi(client), backend, CLIENT, FiveTuple.transport(8080, client, FiveTuple.UDP));
    }

    private long find(long hi, long source, long destination, long transport) {
        return table.index()
                .lookup(
                        table.index().hash(hi, source, hi, destination, transport),
                        hi,
                        source,
                        hi,
                        destination,
                        transport);
    }

    @Test
    void shouldKeepWhatIsLiveAndNothingElseWhereverTheProcessEnds() throws IOException {
        mixed = true;
        Map<Integer, byte[]> live = new HashMap<>();
        int client = 1;
        for (int round = 0; round < 30; round++) {
            int workers = 1 + random.nextInt(4);
            assertEquals(live.size(), start(workers, ROOMY_TABLE));
            assertTable(live, client);
            for (int i = 0; i < 40; i++, client++) {
                change(live, client, random.nextInt(workers));
            }
            for (int step = 0; step < REMOVAL_STEPS; step++) {
                endWhileRemoving(client++, random.nextInt(workers), step);
            }
            for (int step = 0; step < CREATION_STEPS; step++) {
                beginToCreate(client++, random.nextInt(workers), step);
            }
            live.replaceAll((known, _) -> bytes(original(known)));
            overwriteIndex();
        }
        assertEquals(List.of(), log);
    }

    private void change(Map<Integer, byte[]> live, int client, int worker) {
        if (live.size() < MAX_ENTRIES / 2 && random.nextInt(3) > 0) {
            assertTrue(create(worker, client) >= 0);
            live.put(client, new byte[0]);
        } else if (!live.isEmpty()) {
            int victim = new ArrayList<>(live.keySet()).get(random.nextInt(live.size()));
            assertTrue(table.remove(table.worker(worker), original(victim)));
            live.remove(victim);
        }
    }

    private byte[] bytes(long handle) {
        return bytesOf(handle).toArray(JAVA_BYTE);
    }

    private MemorySegment bytesOf(long handle) {
        long entry = Conntrack.entry(handle);
        return NativeMemory.ALL.asSlice(entry, Entry.bytes(!Entry.isIpv4(entry)));
    }

    /** Does the first steps of {@link Conntrack#create}. */
    private void beginToCreate(int client, int worker, int steps) {
        ConntrackWorker arguments = table.worker(worker);
        arguments(arguments, client);
        boolean ipv6 = hi(client) != 0;
        int number = table.pool(ipv6).allocate(arguments.lists(ipv6), table);
        LongConsumer[] parts = {
            at -> NativeMemory.ALL.asSlice(at, Entry.bytes(ipv6)).fill((byte) 0),
            at -> Entry.begin(at, ipv6, arguments, Entry.tick(NOW_NS)),
            at -> assertEquals(0, table.index().insert(table.index().hashOf(at, 1), number, 1)),
            at -> assertEquals(0, table.index().insert(table.index().hashOf(at, 0), number, 0))
        };
        long entry = table.pages().address(number);
        for (int step = 0; step <= steps; step++) {
            parts[step].accept(entry);
        }
    }

    /** Does the first steps of {@link Conntrack#remove}. */
    private void endWhileRemoving(int client, int worker, int steps) {
        long entry = create(worker, client);
        int number = table.pages().number(entry);
        LongConsumer[] parts = {
            at -> assertEquals(0, Entry.beginRemoval(at)),
            at -> assertTrue(table.index().remove(table.index().hashOf(at, 0), number, 0)),
            at -> assertTrue(table.index().remove(table.index().hashOf(at, 1), number, 1)),
            at -> Entry.lifeRelease(at, Entry.FREE)
        };
        for (int step = 0; step <= steps; step++) {
            parts[step].accept(entry);
        }
    }

    /** Claims that were pending, confirmed ones of entries that never came to life, or anything: the index is not relied on. */
    private void overwriteIndex() throws IOException {
        Path file = folder.resolve("instance/conntrack-index.map");
        byte[] garbage = new byte[(int) Files.size(file) - MapRegion.HEADER_BYTES];
        random.nextBytes(garbage);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            assertEquals(garbage.length, channel.write(ByteBuffer.wrap(garbage), MapRegion.HEADER_BYTES));
        }
    }

    private void assertTable(Map<Integer, byte[]> live, int end) {
        long[] connections = new long[BACKENDS];
        for (int client = 1; client < end; client++) {
            byte[] before = live.get(client);
            long handle = original(client);
            if (before == null) {
                assertEquals(Conntrack.MISS, handle, "client " + client);
                assertEquals(Conntrack.MISS, reply(client), "client " + client);
            } else {
                assertEquals(handle | 1, reply(client), "client " + client);
                byte[] after = bytes(handle);
                assertEquals(ByteBuffer.wrap(before), ByteBuffer.wrap(after), "client " + client);
                connections[Entry.backendId(handle)]++;
            }
        }
        for (int backend = 1; backend < BACKENDS; backend++) {
            assertEquals(connections[backend], table.connections(backend));
            assertEquals(connections[backend], table.activeConnections(backend));
        }
    }

    @Test
    void shouldHaveAllItsRoomAgain() {
        assertEquals(0, start(2));
        for (int client = 1; client <= 150; client++) {
            assertTrue(create(client & 1, client) >= 0);
        }
        for (int client = 1; client <= 150; client += 2) {
            assertTrue(table.remove(table.worker(0), original(client)));
        }

        assertEquals(75, start(1));
        for (int client = 1_001;
                client < 1_000 + MAX_ENTRIES - 75;
                client++) { // the last one would begin to displace others
            assertTrue(create(0, client) >= 0, "client " + client);
        }
        assertEquals(-1, Long.signum(original(1)));
        assertTrue(original(2) >= 0);
    }

    @Test
    void shouldFindTheFewThatAreLeftOfMany() {
        int many = 2_000;
        int room = many + many / 64; // the last ones would displace others
        assertEquals(0, start(1, room));
        for (int client = 1; client <= many; client++) {
            assertTrue(create(0, client) >= 0);
        }
        for (int client = 1; client <= many; client++) {
            if (client % 700 != 0) {
                long handle = original(client);
                assertTrue(table.remove(table.worker(0), handle));
                bytesOf(handle).fill((byte) 0); // as if never used
            }
        }

        assertEquals(2, start(1, room));
        assertTrue(original(700) >= 0 && reply(1_400) >= 0);
        for (int client = many + 1; client <= many + many / 2; client++) {
            assertTrue(create(0, client) >= 0, "client " + client);
        }
    }

    @Test
    void shouldKnowThatAConnectionIsStaleAndShowIt() {
        start(1);
        table.makeStale(create(0, 5));

        assertEquals(1, start(1), log::toString);
        assertTrue(Entry.isStale(Conntrack.entry(original(5))));
        List<String> states = new ArrayList<>();
        try (PinnedMaps maps = PinnedMaps.open(folder.resolve("instance"))) {
            new ConntrackListing(maps).forEach(connection -> states.add(connection.state()));
        }
        assertEquals(List.of("STALE"), states);
    }

    @Test
    void shouldTakeNothingOverFromATableOfAnotherSize() {
        assertEquals(0, start(1));
        assertTrue(create(0, 1) >= 0);

        assertEquals(0, start(1, MAX_ENTRIES + 1));
        assertEquals(Conntrack.MISS, original(1));
        assertEquals(1, log.size(), log::toString);
        assertTrue(log.getFirst().contains("conntrack-entries of the last run is not taken over"), log.getFirst());
    }

    @Test
    void shouldTakeNothingOverWhereAnyEntryIsDamaged() {
        List<LongConsumer> damages = List.of(
                entry -> damageWord(entry, 2 << Entry.LIFE_SHIFT), // life 3
                entry -> damageWord(entry, Entry.IPV6),
                entry -> damageWord(entry, FiveTuple.UDP), // protocol 0
                entry -> damageWord(entry, 77 << Entry.STATE_SHIFT),
                entry -> Entry.lastSeenTick(entry, Entry.tick(NOW_NS) + 1),
                entry -> NativeMemory.setInt(entry + Entry.BACKEND, BACKENDS),
                entry -> MemorySegment.copy(NativeMemory.ALL, original(1), NativeMemory.ALL, entry, Entry.IPV4_BYTES),
                entry -> table.pages().family(1, 3));
        for (LongConsumer damage : damages) {
            assertEquals(0, start(1));
            assertTrue(create(0, 1) >= 0);
            create(0, 2);
            damage.accept(original(2));
            log.clear();

            assertEquals(0, start(1));
            assertEquals(Conntrack.MISS, original(1));
            assertEquals(1, log.size(), log::toString);
            assertTrue(log.getFirst().contains(" is damaged ("), log.getFirst());
        }
    }

    private static void damageWord(long entry, int bits) {
        NativeMemory.setInt(entry + Entry.WORD, Entry.word(entry) ^ bits);
    }

    @Test
    void shouldTakeNothingOverWhereTheLayerAboveFindsDamage() {
        assertEquals(0, start(1));
        assertTrue(create(0, 1) >= 0);
        review = new FixedReview(false, true);

        assertEquals(0, start(1));
        assertEquals(1, log.size(), log::toString);
    }

    @Test
    void shouldKeepConnectionsWithoutIdsAndNoTemplatesWhereIdsMeanSomethingElse() {
        assertEquals(0, start(1));
        arguments(table.worker(0), 1);
        ConntrackWorker worker = table.worker(0);
        worker.originalTransport = Entry.AFFINITY_TEMPLATE;
        worker.replyTransport = Entry.AFFINITY_TEMPLATE;
        worker.natFlags = 0;
        worker.templateSeconds = 60;
        worker.deltas = 5;
        worker.backendId = 0;
        assertTrue(table.create(worker, NOW_NS) >= 0);
        assertTrue(create(0, 1) >= 0);
        assertEquals(1, start(2), "a template is no connection");
        assertTrue(find(0, CLIENT, VIP, Entry.AFFINITY_TEMPLATE) >= 0);
        assertEquals(FixedReview.SERVICE, Entry.serviceId(original(1)));
        review = new FixedReview(true, false);

        assertEquals(1, start(1));
        assertEquals(Conntrack.MISS, find(0, CLIENT, VIP, Entry.AFFINITY_TEMPLATE));
        assertEquals(0, Entry.serviceId(original(1)));
        assertEquals(0, Entry.backendId(original(1)));
        for (int client = 2; client <= MAX_ENTRIES; client++) {
            assertTrue(create(0, client) >= 0, "the template's place is free");
        }
        assertEquals(List.of(), log);
    }
}
