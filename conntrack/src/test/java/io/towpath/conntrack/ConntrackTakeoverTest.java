package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.ConntrackTakeover.Resumed;
import io.towpath.maps.MapRegion;
import io.towpath.maps.PinnedMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
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
    private static final long CLIENT = 0x0A00_0001L;
    private static final long VIP = 0x0A60_0001L;
    private static final long BACKEND = 0x0A01_0000L;
    private static final long NOW_NS = 1_000_000_000_000L;
    private static final int MAX_ENTRIES = 200;
    private static final int BACKENDS = 16;
    private static final int SERVICE = 3;

    /** What happens to a connection in the order in which it happens, and ends after one of these. */
    private static final int CREATION_STEPS = 4;

    private static final int REMOVAL_STEPS = 5;

    @TempDir
    Path folder;

    private final List<String> log = new ArrayList<>();
    private final Random random = new Random(5);
    private EntryReview review = new Fixed(true, true);
    private PinnedMapStore store;
    private Quiescence quiescence;
    private Conntrack table;

    /** Says the same of every entry. */
    private record Fixed(boolean intact, boolean known) implements EntryReview {
        @Override
        public boolean isIntact(MemorySegment entries, long entry) {
            return intact;
        }

        @Override
        public boolean isService(int serviceId) {
            return known && serviceId == SERVICE;
        }

        @Override
        public boolean isBackend(int backendId, int serviceId) {
            return known;
        }

        @Override
        public boolean isBackendAt(int backendId, long hi, long lo, int port) {
            return lo == BACKEND + backendId && port == 8080;
        }
    }

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

    private void arguments(ConntrackWorker worker, int client) {
        int backend = 1 + client % (BACKENDS - 1);
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = FiveTuple.transport(client, 80, FiveTuple.UDP);
        worker.replySourceLo = BACKEND + backend;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = FiveTuple.transport(8080, client, FiveTuple.UDP);
        worker.natFlags = Entry.TRANSLATED;
        worker.deltas = client * 7;
        worker.serviceId = SERVICE;
        worker.backendId = backend;
    }

    private long create(int worker, int client) {
        arguments(table.worker(worker), client);
        return table.create(table.worker(worker), NOW_NS);
    }

    private long original(int client) {
        return find(CLIENT, VIP, FiveTuple.transport(client, 80, FiveTuple.UDP));
    }

    private long reply(int client) {
        long backend = BACKEND + 1 + client % (BACKENDS - 1);
        return find(backend, CLIENT, FiveTuple.transport(8080, client, FiveTuple.UDP));
    }

    private long find(long source, long destination, long transport) {
        return table.lookup(table.hash(0, source, 0, destination, transport), 0, source, 0, destination, transport);
    }

    @Test
    void shouldKeepWhatIsLiveAndNothingElseWhereverTheProcessEnds() throws IOException {
        Map<Integer, byte[]> live = new HashMap<>();
        int client = 1;
        for (int round = 0; round < 30; round++) {
            int workers = 1 + random.nextInt(4);
            assertEquals(live.size(), start(workers));
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
        return table.entries().asSlice(Conntrack.entry(handle), Entry.BYTES);
    }

    /** Does the first steps of {@link Conntrack#create}. */
    private void beginToCreate(int client, int worker, int steps) {
        arguments(table.worker(worker), client);
        int number = table.pool().allocate(table.worker(worker), table);
        long entry = (long) number * Entry.BYTES;
        table.entries().asSlice(entry, Entry.BYTES).fill((byte) 0);
        ConntrackWorker arguments = table.worker(worker);
        LongConsumer[] parts = {
            at -> Entry.tuple(table.entries(), at, 0, CLIENT, 0, VIP, arguments.originalTransport),
            at -> Entry.tuple(
                    table.entries(),
                    at + Entry.REPLY_TUPLE,
                    0,
                    arguments.replySourceLo,
                    0,
                    CLIENT,
                    arguments.replyTransport),
            at -> assertEquals(
                    0, table.index().insert(table.hashOf(Entry.tuple(at, 1)), number << 1 | 1, table.keys())),
            at -> assertEquals(0, table.index().insert(table.hashOf(at), number << 1, table.keys()))
        };
        for (int step = 0; step <= steps; step++) {
            parts[step].accept(entry);
        }
    }

    /** Does the first steps of {@link Conntrack#remove}. */
    private void endWhileRemoving(int client, int worker, int steps) {
        long entry = create(worker, client);
        int number = (int) (entry / Entry.BYTES);
        LongConsumer[] parts = {
            at -> assertTrue(Entry.beginRemoval(table.entries(), at)),
            at -> assertEquals(0, Entry.endState(table.entries(), at)),
            at -> assertTrue(table.index().remove(table.hashOf(at), number << 1)),
            at -> assertTrue(table.index().remove(table.hashOf(Entry.tuple(at, 1)), number << 1 | 1)),
            at -> Entry.lifeRelease(table.entries(), at, Entry.FREE)
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
                connections[Entry.backendId(table.entries(), handle)]++;
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
        for (int client = 1_001; client <= 1_000 + MAX_ENTRIES - 75; client++) {
            assertTrue(create(0, client) >= 0, "client " + client);
        }
        assertEquals(Conntrack.FULL, create(0, 9_999));
        assertEquals(-1, Long.signum(original(1)));
        assertTrue(original(2) >= 0);
    }

    @Test
    void shouldFindTheFewThatAreLeftOfMany() {
        int many = 2_000;
        assertEquals(0, start(1, many));
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

        assertEquals(2, start(1, many));
        assertTrue(original(700) >= 0 && reply(1_400) >= 0);
        for (int client = many + 1; client <= many + many / 2; client++) {
            assertTrue(create(0, client) >= 0, "client " + client);
        }
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
                entry -> table.entries().set(JAVA_INT, entry + Entry.LIFE, 3),
                entry -> table.entries().set(JAVA_LONG, entry + 32, FiveTuple.transport(1, 80, FiveTuple.TCP)),
                entry -> table.entries().set(JAVA_LONG, entry + Entry.LAST_SEEN, NOW_NS + 1),
                entry -> table.entries().set(JAVA_INT, entry + Entry.STATE, 77),
                entry -> table.entries().set(JAVA_INT, entry + Entry.STATUS, 77),
                entry -> table.entries().set(JAVA_INT, entry + Entry.BACKEND, BACKENDS),
                entry -> MemorySegment.copy(table.entries(), original(1), table.entries(), entry, Entry.BYTES));
        for (LongConsumer damage : damages) {
            assertEquals(0, start(1));
            assertTrue(create(0, 1) >= 0);
            create(0, 2);
            damage.accept(original(2));
            log.clear();

            assertEquals(0, start(1));
            assertEquals(Conntrack.MISS, original(1));
            assertEquals(1, log.size(), log::toString);
            assertTrue(log.getFirst().contains("entry 2 is damaged"), log.getFirst());
        }
    }

    @Test
    void shouldTakeNothingOverWhereTheLayerAboveFindsDamage() {
        assertEquals(0, start(1));
        assertTrue(create(0, 1) >= 0);
        review = new Fixed(false, true);

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
        worker.natFlags = 60;
        worker.deltas = 5;
        worker.backendId = 0;
        assertTrue(table.create(worker, NOW_NS) >= 0);
        assertTrue(create(0, 1) >= 0);
        assertEquals(1, start(2), "a template is no connection");
        assertTrue(find(CLIENT, VIP, Entry.AFFINITY_TEMPLATE) >= 0);
        assertEquals(SERVICE, Entry.serviceId(table.entries(), original(1)));
        review = new Fixed(true, false);

        assertEquals(1, start(1));
        assertEquals(Conntrack.MISS, find(CLIENT, VIP, Entry.AFFINITY_TEMPLATE));
        assertEquals(0, Entry.serviceId(table.entries(), original(1)));
        assertEquals(0, Entry.backendId(table.entries(), original(1)));
        for (int client = 2; client <= MAX_ENTRIES; client++) {
            assertTrue(create(0, client) >= 0, "the template's place is free");
        }
        assertEquals(List.of(), log);
    }

    /** The times in entries are of a clock that must be the same for the next process. */
    @Test
    void shouldReadAClockThatAllProcessesShare() throws IOException {
        double uptimeS =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        double nowS = System.nanoTime() / 1e9;

        assertTrue(nowS > 0 && nowS < uptimeS + 1, nowS + " s, up for " + uptimeS + " s"); // it stands still in a sleep
    }
}
