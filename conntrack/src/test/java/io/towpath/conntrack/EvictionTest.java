package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class EvictionTest {
    private static final long CLIENT = Address.parse("10.0.0.1").lo();
    private static final long VIP = Address.parse("10.96.0.1").lo();
    private static final long BACKEND = Address.parse("10.1.0.1").lo();

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private final Conntrack conntrack =
            new Conntrack(store, ConntrackConfig.defaults().withMaxEntries(64), 1, 16, 42, quiescence);
    private final ConntrackWorker worker = conntrack.worker(0);

    @AfterEach
    void tearDown() {
        store.close();
    }

    private long create(int port) {
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = FiveTuple.transport(port, 80, FiveTuple.UDP);
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = FiveTuple.transport(8080, port, FiveTuple.UDP);
        return conntrack.create(worker, 1);
    }

    @Test
    void shouldMakeRoomAtTheCostOfUnansweredConnections() {
        for (int port = 1; port <= 64; port++) {
            assertTrue(create(port) > 0);
        }
        assertEquals(Conntrack.FULL, create(100));
        assertEquals(1, worker.evicted());
        assertTrue(create(100) > 0, "the evicted entry is free by now");
    }

    @Test
    void shouldDisplaceWhatWasChosenAheadUnlessItIsOfUseByThen() {
        quiescence.online(0);
        for (int port = 1; port <= 64; port++) {
            assertTrue(create(port) > 0);
        }
        conntrack.prepare(worker, false, 4);
        assertEquals(0, worker.evicted(), "nothing is changed yet");
        Victims victims = worker.lists(false).victims;
        assertEquals(4, victims.count);
        long[] chosen = Arrays.copyOf(victims.entry, victims.count);
        for (int port = 100; port < 104; port++) {
            assertEquals(Conntrack.FULL, create(port));
        }
        assertEquals(4, worker.evicted());
        for (long entry : chosen) {
            assertFalse(Entry.isLive(entry), "these and no others");
        }

        conntrack.prepare(worker, false, 3);
        conntrack.forEachLive(1, conntrack.pagesEnd(), entry -> Entry.addStatus(entry, Entry.ASSURED));
        for (int port = 200; port < 203; port++) {
            assertEquals(Conntrack.FULL, create(port));
        }
        conntrack.prepare(worker, false, 3);
        assertEquals(Conntrack.FULL, create(203));
        assertEquals(4, worker.evicted());
    }

    @Test
    void shouldKnowWhereWhatItChoseIsInTheIndexAndTakeItOutWhereverItIs() {
        quiescence.online(0);
        for (int port = 1; port <= 64; port++) {
            assertTrue(create(port) > 0);
        }
        conntrack.prepare(worker, false, 64);
        Victims victims = worker.lists(false).victims;
        EntryIndex index = conntrack.index();
        int count = victims.count;
        assertTrue(count > 32);
        for (int i = 0; i < 2 * count; i++) {
            long hash = index.hashOf(victims.entry[i >> 1], i & 1);
            int number = conntrack.pages().number(victims.entry[i >> 1]);
            long slot = index.slot(index.line(hash), hash, number, i & 1);
            assertEquals(slot != 0 ? slot : index.slot(index.secondLine(hash), hash, number, i & 1), victims.slot[i]);
            assertNotEquals(0, victims.slot[i]);
        }

        long known = victims.entry[count - 1];
        assertTrue(conntrack.displace(worker, known, victims.slot[2 * count - 2], victims.slot[2 * count - 1]));
        assertGone(known);
        long moved = otherThan(known);
        assertTrue(conntrack.displace(worker, moved, victims.slot[2 * count - 2], 0), "these are not its places");
        assertGone(moved);
        assertFalse(conntrack.displace(worker, moved, 0, 0), "it goes once");
        assertEquals(2, worker.evicted());
    }

    private long otherThan(long entry) {
        long[] other = new long[1];
        conntrack.forEachLive(1, conntrack.pagesEnd(), live -> other[0] = live != entry ? live : other[0]);
        return other[0];
    }

    private void assertGone(long entry) {
        EntryIndex index = conntrack.index();
        int number = conntrack.pages().number(entry);
        for (int direction = 0; direction < 2; direction++) {
            long hash = index.hashOf(entry, direction);
            assertEquals(0, index.slot(index.line(hash), hash, number, direction));
            assertEquals(0, index.slot(index.secondLine(hash), hash, number, direction));
        }
    }

    @Test
    void shouldDisplaceFewWhileAWorkerStandsStill() {
        quiescence.online(0);
        for (int port = 1; port <= 64; port++) {
            assertTrue(create(port) > 0);
        }
        for (int port = 100; port < 200; port++) {
            assertEquals(Conntrack.FULL, create(port));
        }
        assertEquals(8, worker.evicted(), "none becomes free before the worker's next burst");

        quiescence.quiescent(0);
        for (int port = 100; port < 108; port++) {
            assertTrue(create(port) > 0, "port " + port);
        }
    }

    @Test
    void shouldChooseAnewForTheNextBurst() {
        quiescence.online(0);
        for (int port = 1; port <= 64; port++) {
            assertTrue(create(port) > 0);
        }
        conntrack.forEachLive(1, conntrack.pagesEnd(), entry -> Entry.addStatus(entry, Entry.ASSURED));
        conntrack.prepare(worker, false, 64); // finds nothing, and says so for as many
        conntrack.forgetPrepared(worker);
        conntrack.forEachLive(1, conntrack.pagesEnd(), conntrack::makeStale);

        assertEquals(Conntrack.FULL, create(100));
        assertEquals(1, worker.evicted(), "what an earlier burst did not find is there now");
    }
}
