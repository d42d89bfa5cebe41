package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class UdpTrackerTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int BACKEND = 3;
    private static final long ORIGINAL = 0;
    private static final long REPLY = 1;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Conntrack conntrack =
            new Conntrack(store, ConntrackConfig.defaults().withMaxEntries(64), 1, 8, 42, new Quiescence(1));
    private final ConntrackWorker worker = conntrack.worker(0);
    private long nowNs = 100 * SECOND_NS;

    @AfterEach
    void close() {
        store.close();
    }

    private long create() {
        worker.originalSourceLo = Address.mapped(0x0A010101);
        worker.originalDestinationLo = Address.mapped(0x0A60000A);
        worker.originalTransport = FiveTuple.transport(2000, 80, FiveTuple.UDP);
        worker.replySourceLo = Address.mapped(0x0A010001);
        worker.replyDestinationLo = worker.originalSourceLo;
        worker.replyTransport = FiveTuple.transport(8080, 2000, FiveTuple.UDP);
        worker.backendId = BACKEND;
        return conntrack.create(worker, nowNs);
    }

    private int track(long handle) {
        return conntrack.track(worker, handle, MemorySegment.NULL, 0, 8, 50, nowNs);
    }

    @Test
    void shouldBeAStreamOnlyAfterTwoSecondsOfTrafficBothWays() {
        long handle = create();
        track(handle | ORIGINAL);
        track(handle | REPLY);
        nowNs += SECOND_NS;
        track(handle | ORIGINAL);
        assertEquals(Entry.SEEN_REPLY, Entry.status(handle));

        nowNs += 2 * SECOND_NS;
        track(handle | ORIGINAL);
        assertEquals(Entry.SEEN_REPLY | Entry.ASSURED, Entry.status(handle));
    }

    @Test
    void shouldLetAnswersPassOnceStaleAndOpenAnewWithTheNextRequest() {
        long handle = create();
        track(handle | ORIGINAL);
        assertFalse(Entry.isStale(handle));
        assertTrue(conntrack.makeStale(handle));
        assertTrue(Entry.isStale(handle));
        assertFalse(conntrack.makeStale(handle), "once");

        assertEquals(Conntrack.TRACK_OK, track(handle | REPLY));
        assertEquals(1, Entry.packets(handle, 1));
        assertEquals(Conntrack.TRACK_REOPEN, track(handle | ORIGINAL));
        assertEquals(1, Entry.packets(handle, 0), "the request is another connection's");
    }

    @Test
    void shouldNotBeKeptAliveByAnswersOnceStale() {
        long handle = create();
        track(handle | ORIGINAL);
        track(handle | REPLY);
        conntrack.makeStale(handle);
        for (int i = 0; i < 4; i++) {
            nowNs += 10 * SECOND_NS;
            track(handle | REPLY);
        }

        assertEquals(1, conntrack.sweep(worker, nowNs, 64), "idle for 40 s, though answers came");
    }

    @Test
    void shouldStayABackendsConnectionUntilItIsRemoved() {
        long handle = create();
        conntrack.makeStale(handle);
        assertEquals(1, conntrack.activeConnections(BACKEND));

        conntrack.remove(worker, handle);
        assertEquals(0, conntrack.activeConnections(BACKEND));
        assertEquals(0, conntrack.connections(BACKEND));
        assertFalse(conntrack.makeStale(handle), "it is gone");
    }

    @Test
    void shouldMakeRoomForOthersOnceStale() {
        long handle = create();
        track(handle | REPLY);
        nowNs += 3 * SECOND_NS;
        track(handle | REPLY);
        assertFalse(Eviction.isEvictable(handle), "a stream");

        conntrack.makeStale(handle);
        assertTrue(Eviction.isEvictable(handle));
    }
}
