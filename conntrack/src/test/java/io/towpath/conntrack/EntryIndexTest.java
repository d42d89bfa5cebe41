package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.RecordMap;
import io.towpath.maps.SharedIndex;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The index finds the entry and direction of a five-tuple as a map of tuples does. One thread; EntryIndex under races is jcstress' part. */
final class EntryIndexTest {
    private static final int ENTRIES = 256;
    private static final int OPERATIONS = 30_000;
    /** Entries in the table at most, so that both lines of a tuple are never full. */
    private static final int LIVE_MAX = 180;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final EntryPages pages = EntryPages.create(
            store,
            RecordMap.create(store, "entries", 1, Entry.IPV4_BYTES, EntryPages.records(2 * ENTRIES)),
            2 * ENTRIES);
    private final EntryIndex index = new EntryIndex(store, pages, ENTRIES, new TupleHash(42));
    private final List<Deque<Integer>> free = List.of(new ArrayDeque<>(), new ArrayDeque<>());

    private record Tuple(Address source, Address destination, long transport) {
        boolean isIpv6() {
            return source.isIpv6();
        }

        Tuple reverse() {
            return new Tuple(destination, source, FiveTuple.reverse(transport));
        }
    }

    /** An entry's number and what stands in it. */
    private record Connection(int number, Tuple original, Tuple reply) {
        Tuple tuple(int direction) {
            return direction == 0 ? original : reply;
        }
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static Tuple tuple(String source, String destination, int port, int protocol) {
        return new Tuple(Address.parse(source), Address.parse(destination), FiveTuple.transport(port, 80, protocol));
    }

    private static Tuple udp(int port) {
        return tuple("10.0.0.1", "10.96.0.1", port, FiveTuple.UDP);
    }

    /** A live entry that the index does not know yet. */
    private Connection entry(Tuple original, Tuple reply) {
        ConntrackWorker arguments = arguments(original, reply);
        int number = take(original.isIpv6());
        Entry.begin(pages.address(number), original.isIpv6(), arguments, 1);
        Entry.lifeRelease(pages.address(number), Entry.LIVE);
        return new Connection(number, original, reply);
    }

    private static ConntrackWorker arguments(Tuple original, Tuple reply) {
        ConntrackWorker arguments = new ConntrackWorker(0);
        arguments.originalSourceHi = original.source.hi();
        arguments.originalSourceLo = original.source.lo();
        arguments.originalDestinationHi = original.destination.hi();
        arguments.originalDestinationLo = original.destination.lo();
        arguments.originalTransport = original.transport;
        arguments.replySourceHi = reply.source.hi();
        arguments.replySourceLo = reply.source.lo();
        arguments.replyDestinationHi = reply.destination.hi();
        arguments.replyDestinationLo = reply.destination.lo();
        arguments.replyTransport = reply.transport;
        return arguments;
    }

    private int take(boolean isIpv6) {
        Deque<Integer> numbers = free.get(isIpv6 ? 1 : 0);
        if (numbers.isEmpty()) {
            int family = isIpv6 ? EntryPages.IPV6 : EntryPages.IPV4;
            long page = pages.take(family);
            for (int i = 0; i < pages.entries(page, family); i++) {
                numbers.add(EntryPages.number(page, i, family));
            }
        }
        return numbers.remove();
    }

    private long hash(Tuple tuple) {
        return index.hash(
                tuple.source.hi(), tuple.source.lo(), tuple.destination.hi(), tuple.destination.lo(), tuple.transport);
    }

    private int insert(Connection connection, int direction) {
        return index.insert(hash(connection.tuple(direction)), connection.number, direction);
    }

    private boolean remove(Connection connection, int direction) {
        return index.remove(hash(connection.tuple(direction)), connection.number, direction);
    }

    private long lookup(Tuple tuple) {
        return lookup(hash(tuple), tuple);
    }

    private long lookup(long hash, Tuple tuple) {
        return index.lookup(
                hash,
                tuple.source.hi(),
                tuple.source.lo(),
                tuple.destination.hi(),
                tuple.destination.lo(),
                tuple.transport);
    }

    private long handle(Connection connection, int direction) {
        return pages.address(connection.number) | direction;
    }

    private static boolean has(long candidate, Tuple tuple) {
        return tuple.isIpv6()
                ? EntryIndex.isIpv6(
                        candidate,
                        tuple.source.hi(),
                        tuple.source.lo(),
                        tuple.destination.hi(),
                        tuple.destination.lo(),
                        tuple.transport)
                : EntryIndex.isIpv4(
                        candidate, FiveTuple.ipv4Addresses(tuple.source.lo(), tuple.destination.lo()), tuple.transport);
    }

    /** A hash map of the tuples, beside the index, through random insertions, removals and look-ups of few tuples. */
    @Test
    void shouldAgreeWithAHashMap() {
        Random random = new Random(1);
        Map<Tuple, Long> model = new HashMap<>();
        List<Connection> live = new ArrayList<>();
        int conflicts = 0;
        int found = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            if (random.nextInt(3) == 0 && !live.isEmpty()) {
                removeBoth(live.remove(random.nextInt(live.size())), model);
            } else if (live.size() < LIVE_MAX) {
                Tuple original = anyTuple(random);
                Connection made = entry(original, anyTupleLike(random, original));
                if (enters(made, model)) {
                    live.add(made);
                } else {
                    conflicts++;
                }
            }
            Tuple tuple = anyTuple(random);
            long expected = model.getOrDefault(tuple, Conntrack.MISS);
            assertEquals(expected, lookup(tuple), tuple::toString);
            found += expected == Conntrack.MISS ? 0 : 1;
        }
        assertTrue(conflicts > OPERATIONS / 20, conflicts + " conflicts");
        assertTrue(found > OPERATIONS / 20 && found < OPERATIONS * 19 / 20, found + " found");
        model.forEach((tuple, handle) -> assertEquals(handle, lookup(tuple)));
        live.forEach(connection -> removeBoth(connection, model));
        assertEquals(Map.of(), model);
    }

    /** Enters both directions or neither, each as the model would. */
    private boolean enters(Connection made, Map<Tuple, Long> model) {
        for (int direction = 1; direction >= 0; direction--) {
            Long rival = model.get(made.tuple(direction));
            int reference = insert(made, direction);
            if (rival == null) {
                assertEquals(0, reference);
                model.put(made.tuple(direction), handle(made, direction));
            } else {
                assertEquals(rival, pages.address(EntryIndex.number(reference)) | reference & 1, "who has the tuple");
                if (EntryIndex.number(reference) != made.number) {
                    if (direction == 0) {
                        assertTrue(remove(made, 1));
                        model.remove(made.reply);
                    }
                    free.get(made.original.isIpv6() ? 1 : 0).add(made.number);
                    return false;
                }
            }
        }
        return true;
    }

    private void removeBoth(Connection connection, Map<Tuple, Long> model) {
        boolean isOwnReverse = connection.original.equals(connection.reply);
        assertTrue(remove(connection, 1));
        assertEquals(!isOwnReverse, remove(connection, 0));
        assertFalse(remove(connection, 1), "twice");
        model.remove(connection.original);
        model.remove(connection.reply);
        free.get(connection.original.isIpv6() ? 1 : 0).add(connection.number);
    }

    private static Tuple anyTuple(Random random) {
        boolean isIpv4 = random.nextBoolean();
        int protocol = random.nextBoolean() ? FiveTuple.TCP : FiveTuple.UDP;
        return anyTuple(random, isIpv4, protocol);
    }

    /** Of the same family and protocol, as an entry's tuples are. */
    private static Tuple anyTupleLike(Random random, Tuple tuple) {
        return anyTuple(random, !tuple.isIpv6(), FiveTuple.protocol(tuple.transport));
    }

    private static Tuple anyTuple(Random random, boolean isIpv4, int protocol) {
        long port = FiveTuple.transport(random.nextInt(6), random.nextInt(2), protocol);
        return new Tuple(anyAddress(random, isIpv4), anyAddress(random, isIpv4), port);
    }

    /** Addresses that differ in one half only, too. */
    private static Address anyAddress(Random random, boolean isIpv4) {
        int number = random.nextInt(4);
        return isIpv4 ? Address.ofIpv4(0x0A00_0000 | number) : new Address(0xFD00L << 48 | number & 1, number >> 1);
    }

    /** As in a burst: first line, candidate, compare; the second line where the first has nothing. */
    @Test
    void shouldFindInStepsWhatALookUpFinds() {
        int inSecondLines = 0;
        for (int port = 1; port <= LIVE_MAX; port++) {
            Connection made = entry(udp(port), tuple("10.1.0.1", "10.0.0.1", port, FiveTuple.UDP));
            for (int direction = 0; direction < 2; direction++) {
                assertEquals(0, insert(made, direction));
                Tuple tuple = made.tuple(direction);
                long hash = hash(tuple);
                long candidate = index.candidate(index.line(hash), hash);
                boolean isSecond = candidate == Conntrack.MISS;
                candidate = isSecond ? index.candidate(index.secondLine(hash), hash) : candidate;
                inSecondLines += isSecond ? 1 : 0;

                assertEquals(handle(made, direction), candidate);
                assertEquals(candidate, lookup(tuple));
                assertTrue(has(candidate, tuple));
                assertFalse(has(candidate ^ 1, tuple), "the other direction");
            }
        }
        assertTrue(inSecondLines > 0);
    }

    @Test
    void shouldTellTuplesOfOneHashApart() {
        long hash = hash(udp(1));
        List<Connection> made = new ArrayList<>();
        for (int port = 1; port <= 2 * SharedIndex.BUCKET_SLOTS; port++) {
            made.add(entry(udp(port), udp(port).reverse()));
            assertEquals(0, index.insert(hash, made.getLast().number, 0));
        }

        for (Connection connection : made) {
            assertEquals(handle(connection, 0), lookup(hash, connection.original));
        }
        assertEquals(Conntrack.MISS, lookup(hash, udp(99)));
        assertEquals(SharedIndex.FULL, index.insert(hash, entry(udp(99), udp(99)).number, 0), "both lines are full");
        assertTrue(index.remove(hash, made.get(3).number, 0));
        assertEquals(Conntrack.MISS, lookup(hash, made.get(3).original));
        assertEquals(handle(made.get(4), 0), lookup(hash, made.get(4).original));
    }

    @Test
    void shouldFindLiveEntriesOnly() {
        for (Tuple tuple : List.of(udp(1), tuple("fd00::1", "fd00:96::1", 1, FiveTuple.UDP))) {
            Connection connection = entry(tuple, tuple.reverse());
            insert(connection, 0);
            long entry = pages.address(connection.number);
            for (int life : new int[] {Entry.FREE, Entry.DYING}) {
                Entry.lifeRelease(entry, life);
                assertEquals(Conntrack.MISS, lookup(tuple));
                assertFalse(has(entry, tuple));
            }
            Entry.lifeRelease(entry, Entry.LIVE);

            assertEquals(entry, lookup(tuple));
        }
    }

    @Test
    void shouldCompareEveryPartOfATuple() {
        Tuple ipv4 = udp(1000);
        Tuple ipv6 = tuple("fd00::1:1", "fd00:96::1:1", 1000, FiveTuple.UDP);
        long v4 = pages.address(entry(ipv4, ipv4.reverse()).number);
        long v6 = pages.address(entry(ipv6, ipv6.reverse()).number);
        assertTrue(has(v4, ipv4) && has(v4 | 1, ipv4.reverse()));
        assertTrue(has(v6, ipv6) && has(v6 | 1, ipv6.reverse()));
        assertFalse(has(v4, ipv6) || has(v6, ipv4), "the other family");
        for (long change : new long[] {1, FiveTuple.transport(1, 0, 0), FiveTuple.transport(0, 1, 0)}) {
            assertFalse(has(v4, new Tuple(ipv4.source, ipv4.destination, ipv4.transport ^ change)));
            assertFalse(has(v6, new Tuple(ipv6.source, ipv6.destination, ipv6.transport ^ change)));
        }
        assertFalse(has(v4, tuple("10.0.0.2", "10.96.0.1", 1000, FiveTuple.UDP)));
        assertFalse(has(v4, tuple("10.0.0.1", "10.96.0.2", 1000, FiveTuple.UDP)));
        assertFalse(has(v6, tuple("fd01::1:1", "fd00:96::1:1", 1000, FiveTuple.UDP)));
        assertFalse(has(v6, tuple("fd00::1:2", "fd00:96::1:1", 1000, FiveTuple.UDP)));
        assertFalse(has(v6, tuple("fd00::1:1", "fd01:96::1:1", 1000, FiveTuple.UDP)));
        assertFalse(has(v6, tuple("fd00::1:1", "fd00:96::1:2", 1000, FiveTuple.UDP)));
    }

    @Test
    void shouldHashATupleAlikeWhereverItStands() {
        for (Tuple original : List.of(udp(7), tuple("fd00::1", "fd00:96::a", 7, FiveTuple.TCP))) {
            Tuple reply = new Tuple(original.destination, original.source, original.transport + (1L << 32));
            long entry = pages.address(entry(original, reply).number);

            assertEquals(hash(original), index.hashOf(entry, 0));
            assertEquals(hash(reply), index.hashOf(entry, 1));
            assertEquals(hash(reply), index.replyHash(arguments(original, reply), original.isIpv6()));
            assertNotEquals(hash(original), hash(original.reverse()));
        }
    }

    @Test
    void shouldTellWhichReferenceOfAnEntryHasATupleThatIsItsOwnReverse() {
        Tuple own = new Tuple(Address.parse("10.0.0.1"), Address.parse("10.0.0.1"), FiveTuple.transport(5, 5, 17));
        Connection connection = entry(own, own.reverse());

        assertEquals(0, insert(connection, 1));
        assertEquals(EntryIndex.reference(connection.number, 1), insert(connection, 0));
        assertEquals(handle(connection, 1), lookup(own));
    }

    /** Three lines that are filled but for one place. */
    @Test
    void shouldMakeRoomByMovingOthersWhereOneThreadIsAlone() {
        int full = 0;
        for (int seed = 0; seed < 50; seed++) {
            try (AnonymousMapStore own = new AnonymousMapStore();
                    AnonymousMapStore other = new AnonymousMapStore()) {
                EntryIndex alone = new EntryIndex(own, pages, 7, new TupleHash(seed));
                EntryIndex shared = new EntryIndex(other, pages, 7, new TupleHash(seed));
                List<Connection> made = new ArrayList<>();
                for (int port = 1; port < 3 * SharedIndex.BUCKET_SLOTS; port++) {
                    Connection connection = entry(udp(port), udp(port).reverse());
                    made.add(connection);
                    long hash = alone.hashOf(pages.address(connection.number), 0);
                    assertEquals(0, alone.insertAlone(hash, connection.number, 0), "seed " + seed + ", port " + port);
                    full += shared.insert(hash, connection.number, 0) == SharedIndex.FULL ? 1 : 0;
                }
                for (Connection connection : made) {
                    long hash = alone.hashOf(pages.address(connection.number), 0);
                    assertTrue(alone.remove(hash, connection.number, 0));
                    free.getFirst().add(connection.number);
                }
            }
        }
        assertTrue(full > 0, "there was room without moving any");
    }
}
