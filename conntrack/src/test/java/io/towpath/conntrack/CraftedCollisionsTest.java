package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections whose five-tuples were made to collide: what they cost whom, with the seed known and with the seed secret. */
final class CraftedCollisionsTest {
    private static final int CRAFTED = 4096;
    private static final int ENTRIES = 2 * CRAFTED;
    private static final long KNOWN_SEED = 42;
    private static final long SECRET_SEED = 43;
    /** Slots of the two lines in which a hash may be. */
    private static final int ROOM = 16;
    /** The word of the secrets that meets the addresses of IPv4. */
    private static final int ADDRESSES = 1;

    private static final long BACKEND = Address.parse("10.1.0.1").lo();

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private Conntrack conntrack;
    private int created;
    private int refused;

    @AfterEach
    void tearDown() {
        store.close();
    }

    private void use(long seed) {
        conntrack = new Conntrack(store, ConntrackConfig.defaults().withMaxEntries(ENTRIES), 1, 16, seed, quiescence);
    }

    /** Addresses that make the first factor of the hash 0 under the known seed: all ports have one hash then. */
    private static long crafted() {
        return KnownSecrets.word(KNOWN_SEED, ADDRESSES);
    }

    private static long transport(int number) {
        return FiveTuple.transport(number & 0xFFFF, 80, FiveTuple.UDP);
    }

    /** Opens a connection to the backend, with a port of its own. */
    private void create(long addresses, long transport, int number) {
        ConntrackWorker worker = conntrack.worker(0);
        worker.originalSourceLo = Address.mapped((int) (addresses >>> 32));
        worker.originalDestinationLo = Address.mapped((int) addresses);
        worker.originalTransport = transport;
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = Address.mapped(number);
        worker.replyTransport = FiveTuple.transport(8080, number & 0xFFFF, FiveTuple.UDP);
        long handle = conntrack.create(worker, 0);
        created += handle >= 0 ? 1 : 0;
        refused += handle == Conntrack.FULL ? 1 : 0;
        conntrack.recycle(worker);
    }

    private long hash(long addresses, long transport) {
        long source = Address.mapped((int) (addresses >>> 32));
        return conntrack.index().hash(0, source, 0, Address.mapped((int) addresses), transport);
    }

    private boolean isFound(long addresses, long transport) {
        long source = Address.mapped((int) (addresses >>> 32));
        long destination = Address.mapped((int) addresses);
        return conntrack.index().lookup(hash(addresses, transport), 0, source, 0, destination, transport) >= 0;
    }

    private void createCrafted() {
        for (int number = 0; number < CRAFTED; number++) {
            create(crafted(), transport(number), number);
        }
    }

    /** Whoever knows the seed fills two lines of the index, and no more: the rest of his connections is refused, the others' are not. */
    @Test
    void shouldRefuseAllButSixteenOfOneHash() {
        use(KNOWN_SEED);
        long hash = hash(crafted(), transport(0));
        for (int number = 1; number < CRAFTED; number++) {
            assertEquals(hash, hash(crafted(), transport(number)), "they do collide");
        }
        createCrafted();

        assertEquals(ROOM, created);
        assertEquals(CRAFTED - ROOM, refused, "each is told, and counted as conntrack-full");
        assertEquals(ROOM, conntrack.worker(0).created());
        SplittableRandom random = new SplittableRandom(1);
        for (int number = CRAFTED; number < 2 * CRAFTED - ROOM; number++) {
            long addresses = random.nextLong();
            create(addresses, transport(number), number);
            assertTrue(isFound(addresses, transport(number)), "number " + number);
        }
        assertEquals(CRAFTED, created, "nobody else is refused");
        assertTrue(isFound(crafted(), transport(0)), "those that were there stay");
    }

    @Test
    void shouldSpreadThemUnderAnotherSeed() {
        use(SECRET_SEED);
        createCrafted();
        Map<Long, Integer> loads = new HashMap<>();
        int elsewhere = 0;
        for (int number = 0; number < CRAFTED; number++) {
            long hash = hash(crafted(), transport(number));
            loads.merge(conntrack.index().line(hash), 1, Integer::sum);
            elsewhere += conntrack.index().candidate(conntrack.index().line(hash), hash) == Conntrack.MISS ? 1 : 0;
            assertTrue(isFound(crafted(), transport(number)), "number " + number);
        }

        assertEquals(CRAFTED, created);
        // 4,096 in 3,277 lines: 1.25 a line; by Poisson one line in 17 million has more than 10.
        assertTrue(loads.values().stream().allMatch(load -> load <= 10), "most of one line: " + loads.values());
        assertTrue(elsewhere < CRAFTED / 30, "in their second lines: " + elsewhere);
    }

    /** By trial: 3,277 hashes each until one has the line. It takes both lines to keep a connection out. */
    @Test
    void shouldPlaceThoseOfOneLineInTheirSecondLines() {
        use(KNOWN_SEED);
        SplittableRandom random = new SplittableRandom(1);
        long line = conntrack.index().line(0);
        for (int number = 0; number < CRAFTED; number++) {
            long addresses = random.nextLong();
            while (conntrack.index().line(hash(addresses, transport(number))) != line) {
                addresses++;
            }
            create(addresses, transport(number), number);
        }

        assertEquals(CRAFTED, created + refused);
        assertTrue(refused < CRAFTED / 500, "whose second line is full, too: " + refused);
    }

    /** Sequential clients and ports: the last places of a full table are found as if the tuples were random. */
    @Test
    void shouldFillTheTableWithTuplesInSequence() {
        use(SECRET_SEED);
        long addresses = FiveTuple.ipv4Addresses(0x0A00_0001, 0x0A60_0001);
        for (int number = 0; number < ENTRIES; number++) {
            create(addresses + ((long) (number >>> 12) << 32), transport(number & 0xFFF), number);
        }

        assertEquals(ENTRIES, created + refused);
        assertTrue(refused <= 1, "2 in a million find no place: " + refused);
    }
}
