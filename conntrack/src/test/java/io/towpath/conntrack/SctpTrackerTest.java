package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Sctp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** SCTP as net/netfilter/nf_conntrack_proto_sctp.c tracks it. The client wants to see tag 0xC, the server tag 0x5. */
final class SctpTrackerTest {
    private static final long CLIENT = Address.parse("10.0.0.1").lo();
    private static final long VIP = Address.parse("10.96.0.1").lo();
    private static final long TO_VIP = FiveTuple.transport(5000, 80, FiveTuple.SCTP);
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int CLIENT_TAG = 0xC;
    private static final int SERVER_TAG = 0x5;
    private static final int BACKEND = 1;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment packet = arena.allocate(2048);
    private final Conntrack conntrack =
            new Conntrack(store, ConntrackConfig.defaults().withMaxEntries(64), 1, 4, 42, new Quiescence(1));
    private final ConntrackWorker worker = conntrack.worker(0);
    private long nowNs = 1_000 * SECOND_NS;
    private long handle = create();
    private int length;

    @AfterEach
    void tearDown() {
        store.close();
        arena.close();
    }

    private long create() {
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = TO_VIP;
        worker.replySourceLo = VIP + 1;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = FiveTuple.reverse(TO_VIP);
        worker.backendId = BACKEND;
        return conntrack.create(worker, nowNs);
    }

    private SctpTrackerTest tag(int verificationTag) {
        packet.fill((byte) 0);
        Bytes.i32(packet, 4, verificationTag);
        length = Sctp.HEADER_LENGTH;
        return this;
    }

    private SctpTrackerTest chunk(int type, int flags, int bytes) {
        Bytes.u8(packet, length, type);
        Bytes.u8(packet, length + 1, flags);
        Bytes.u16(packet, length + 2, bytes);
        length += bytes + 3 & ~3;
        return this;
    }

    private SctpTrackerTest chunk(int type) {
        return chunk(type, 0, 4);
    }

    private SctpTrackerTest init(int type, int initiateTag) {
        Bytes.i32(packet, length + 4, initiateTag);
        return chunk(type, 0, Sctp.INIT_LENGTH);
    }

    private int fromClient() {
        return conntrack.track(worker, handle, packet, 0, length, 20 + length, nowNs);
    }

    private int fromServer() {
        return conntrack.track(worker, handle | 1, packet, 0, length, 20 + length, nowNs);
    }

    private void expect(String state, int result) {
        assertEquals(state, SctpState.name(Entry.state(handle)));
        assertEquals(Conntrack.TRACK_OK, result);
    }

    private void expectInvalid(String state, int result) {
        assertEquals(state, SctpState.name(Entry.state(handle)));
        assertEquals(Conntrack.TRACK_INVALID, result);
    }

    private void establish() {
        expect("CLOSED", tag(0).init(Sctp.INIT, CLIENT_TAG).fromClient());
        expect("COOKIE_WAIT", tag(CLIENT_TAG).init(Sctp.INIT_ACK, SERVER_TAG).fromServer());
        expect(
                "COOKIE_ECHOED",
                tag(SERVER_TAG)
                        .chunk(Sctp.COOKIE_ECHO, 0, 100)
                        .chunk(Sctp.DATA, 3, 50)
                        .fromClient());
        assertEquals(0, conntrack.activeConnections(BACKEND));
        expect("ESTABLISHED", tag(CLIENT_TAG).chunk(Sctp.COOKIE_ACK).fromServer());
        assertEquals(1, conntrack.activeConnections(BACKEND));
        assertEquals(Entry.SEEN_REPLY | Entry.ASSURED, Entry.status(handle));
    }

    @Test
    void shouldFollowAnAssociationToItsEnd() {
        establish();
        expect("ESTABLISHED", tag(SERVER_TAG).chunk(Sctp.DATA, 3, 40).fromClient());
        expect("SHUTDOWN_SENT", tag(SERVER_TAG).chunk(Sctp.SHUTDOWN, 0, 8).fromClient());
        assertEquals(0, conntrack.activeConnections(BACKEND));
        expect("SHUTDOWN_ACK_SENT", tag(CLIENT_TAG).chunk(Sctp.SHUTDOWN_ACK).fromServer());
        expect("CLOSED", tag(SERVER_TAG).chunk(Sctp.SHUTDOWN_COMPLETE).fromClient());
        assertEquals(1, conntrack.connections(BACKEND));
        assertEquals(
                Conntrack.TRACK_REOPEN, tag(0).init(Sctp.INIT, 0x77).fromClient(), "the next one chooses its backend");
    }

    @Test
    void shouldFollowAnEndThatTheServerBegins() {
        establish();
        expect("SHUTDOWN_RECD", tag(CLIENT_TAG).chunk(Sctp.SHUTDOWN, 0, 8).fromServer());
        expect("SHUTDOWN_ACK_SENT", tag(SERVER_TAG).chunk(Sctp.SHUTDOWN_ACK).fromClient());
        expect("CLOSED", tag(CLIENT_TAG).chunk(Sctp.SHUTDOWN_COMPLETE).fromServer());
    }

    @Test
    void shouldRefuseWrongTags() {
        establish();
        expectInvalid("ESTABLISHED", tag(0xBAD).chunk(Sctp.DATA, 3, 40).fromClient());
        expectInvalid("ESTABLISHED", tag(SERVER_TAG).chunk(Sctp.DATA, 3, 40).fromServer());
        expectInvalid("ESTABLISHED", tag(0xBAD).chunk(Sctp.ABORT).fromServer());
        expectInvalid("ESTABLISHED", tag(0xBAD).chunk(Sctp.SHUTDOWN, 0, 8).fromClient());
        expectInvalid("ESTABLISHED", tag(0xBAD).init(Sctp.INIT, 9).fromClient());
        expectInvalid(
                "ESTABLISHED",
                tag(0xBAD).chunk(Sctp.HEARTBEAT, 0, 8).chunk(Sctp.DATA, 3, 40).fromClient());
    }

    @Test
    void shouldTakeAnAbortWithEitherTagAsItsFlagSays() {
        establish();
        expectInvalid("ESTABLISHED", tag(SERVER_TAG).chunk(Sctp.ABORT).fromServer());
        expectInvalid(
                "ESTABLISHED",
                tag(CLIENT_TAG).chunk(Sctp.ABORT, Sctp.FLAG_REFLECTED_TAG, 4).fromServer());
        expect(
                "CLOSED",
                tag(SERVER_TAG).chunk(Sctp.ABORT, Sctp.FLAG_REFLECTED_TAG, 4).fromServer());
    }

    @Test
    void shouldCloseByAnOrdinaryAbort() {
        establish();
        expect("CLOSED", tag(CLIENT_TAG).chunk(Sctp.ABORT).fromServer());
    }

    @Test
    void shouldNotBeginByAnInitWithATagNorByAnythingOfAnAssociationUnknown() {
        assertEquals(Conntrack.TRACK_INVALID, tag(1).init(Sctp.INIT, CLIENT_TAG).fromClient());
        assertTrue(!Entry.isLive(handle), "an entry that nothing began is gone");
        for (int type = 0; type < 16; type++) {
            tag(7).chunk(type);
            boolean expected = type == Sctp.INIT
                    || type == Sctp.HEARTBEAT
                    || type == Sctp.HEARTBEAT_ACK
                    || type == Sctp.SHUTDOWN_ACK;
            assertEquals(expected, Conntrack.opens(TO_VIP, packet, 0), "chunk " + type);
        }
    }

    @Test
    void shouldRefuseChunksThatMustBeAloneOrFirst() {
        establish();
        expectInvalid(
                "ESTABLISHED", tag(0).init(Sctp.INIT, 9).chunk(Sctp.DATA, 3, 20).fromClient());
        expectInvalid(
                "ESTABLISHED",
                tag(SERVER_TAG).chunk(Sctp.DATA, 3, 20).chunk(Sctp.COOKIE_ECHO).fromClient());
        expectInvalid("ESTABLISHED", tag(SERVER_TAG).chunk(Sctp.DATA, 3, 0).fromClient());
        expectInvalid("ESTABLISHED", tag(SERVER_TAG).fromClient());
    }

    @Test
    void shouldLookAtAFewChunksOnly() {
        establish();
        tag(SERVER_TAG);
        for (int i = 0; i < 400; i++) {
            chunk(Sctp.DATA, 3, 4);
        }
        expect("ESTABLISHED", chunk(Sctp.SHUTDOWN, 0, 8).fromClient());
        expect(
                "SHUTDOWN_SENT",
                tag(SERVER_TAG)
                        .chunk(Sctp.SHUTDOWN, 0, 8)
                        .chunk(Sctp.DATA, 3, 4)
                        .fromClient());
    }

    @Test
    void shouldPickUpAFurtherPathByItsHeartbeats() {
        expect("HEARTBEAT_SENT", tag(SERVER_TAG).chunk(Sctp.HEARTBEAT, 0, 48).fromClient());
        expect("ESTABLISHED", tag(CLIENT_TAG).chunk(Sctp.HEARTBEAT_ACK, 0, 48).fromServer());
        expect("ESTABLISHED", tag(SERVER_TAG).chunk(Sctp.DATA, 3, 48).fromClient());
        expectInvalid("ESTABLISHED", tag(CLIENT_TAG).chunk(Sctp.DATA, 3, 48).fromClient());
    }

    @Test
    void shouldLearnNewTagsFromAnAnsweredHeartbeat() {
        establish();
        expect("ESTABLISHED", tag(0xAA).chunk(Sctp.HEARTBEAT, 0, 8).fromClient());
        expectInvalid("ESTABLISHED", tag(0xAA).chunk(Sctp.DATA, 3, 20).fromClient());
        expect("ESTABLISHED", tag(0xBB).chunk(Sctp.HEARTBEAT_ACK, 0, 8).fromServer());
        expect("ESTABLISHED", tag(0xBB).chunk(Sctp.DATA, 3, 20).fromServer());
    }

    @Test
    void shouldExpireByState() {
        tag(0).init(Sctp.INIT, CLIENT_TAG).fromClient();
        nowNs += 6 * SECOND_NS;
        expect("CLOSED", tag(0).init(Sctp.INIT, CLIENT_TAG).fromClient());
        assertEquals(1, conntrack.sweep(worker, nowNs + 5 * SECOND_NS, 64), "a repeated INIT does not keep it");
        handle = create();
        establish();
        assertEquals(0, conntrack.sweep(worker, nowNs + 209 * SECOND_NS, 64));
        expect("SHUTDOWN_SENT", tag(SERVER_TAG).chunk(Sctp.SHUTDOWN, 0, 8).fromClient());
        worker.sweepPage = 0;
        worker.sweepIndex = 0;
        assertEquals(1, conntrack.sweep(worker, nowNs + 4 * SECOND_NS, 64));
    }
}
