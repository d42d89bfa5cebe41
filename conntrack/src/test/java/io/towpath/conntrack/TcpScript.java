package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Plays the segments of one translated connection against a table, as the NAT does: what opens and has no entry gets one, and a connection
 * that is over makes room for the next. Flags are written as tcpdump does: S, F, P, R and a dot for ACK.
 */
final class TcpScript implements AutoCloseable {
    private static final long CLIENT = Address.parse("10.0.0.1").lo();
    private static final long VIP = Address.parse("10.96.0.1").lo();
    private static final long BACKEND = Address.parse("10.1.0.1").lo();
    private static final long TO_VIP = FiveTuple.transport(40_000, 80, FiveTuple.TCP);
    private static final long TO_CLIENT = FiveTuple.transport(8080, 40_000, FiveTuple.TCP);
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int BACKENDS = 2;
    private static final int[] NO_OPTIONS = {};

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment segment = arena.allocate(64);
    private final Conntrack conntrack;
    private final ConntrackWorker worker;
    private final long[] invalid = new long[2];
    private long created;
    private long nowNs = 1_000 * SECOND_NS;
    private int window = 65_535;
    private int[] options = NO_OPTIONS;

    TcpScript(boolean liberal) {
        ConntrackConfig config = new ConntrackConfig(64, liberal, 86_400, 3_600, 30, 120);
        conntrack = new Conntrack(store, config, 1, BACKENDS, 42, new Quiescence(1));
        worker = conntrack.worker(0);
    }

    /** The window field of the segments that follow. */
    TcpScript window(int announced) {
        window = announced;
        return this;
    }

    /** The options of the segments that follow, a multiple of four bytes. */
    TcpScript options(int... bytes) {
        options = bytes;
        return this;
    }

    TcpScript client(String flags, int sequence, int acknowledgment, int payload) {
        play(0, flags, sequence, acknowledgment, payload);
        return this;
    }

    TcpScript server(String flags, int sequence, int acknowledgment, int payload) {
        play(1, flags, sequence, acknowledgment, payload);
        return this;
    }

    /** SYN, SYN-ACK, ACK without options; client and server both go on at 1. */
    TcpScript establish() {
        return client("S", 0, 0, 0)
                .server("S.", 0, 1, 0)
                .client(".", 1, 1, 0)
                .expect("ESTABLISHED", Entry.SEEN_REPLY | Entry.ASSURED);
    }

    private void play(int direction, String flags, int sequence, int acknowledgment, int payload) {
        segment.fill((byte) 0);
        Bytes.i32(segment, 4, sequence);
        Bytes.i32(segment, 8, acknowledgment);
        int header = Tcp.MIN_HEADER_LENGTH + options.length;
        Bytes.u8(segment, 12, header / 4 << 4);
        Bytes.u8(segment, 13, flagBits(flags));
        Bytes.u16(segment, 14, window);
        for (int i = 0; i < options.length; i++) {
            Bytes.u8(segment, Tcp.MIN_HEADER_LENGTH + i, options[i]);
        }
        if (!track(direction, header + payload)) {
            invalid[direction]++;
        }
    }

    private static int flagBits(String flags) {
        return flags.chars()
                .map(flag -> switch (flag) {
                    case 'S' -> Tcp.SYN;
                    case 'F' -> Tcp.FIN;
                    case 'P' -> Tcp.PSH;
                    case 'R' -> Tcp.RST;
                    case 'U' -> Tcp.URG;
                    case '.' -> Tcp.ACK;
                    default -> throw new IllegalArgumentException("flags: " + flags);
                })
                .reduce(0, (a, b) -> a | b);
    }

    private boolean track(int direction, int l4Length) {
        while (true) {
            long handle = handle(direction);
            if (handle == Conntrack.MISS) {
                if (direction == 1 || !Conntrack.opens(TO_VIP, segment, 0)) {
                    return false;
                }
                handle = create();
            }
            int result = conntrack.track(worker, handle, segment, 0, l4Length, 34 + l4Length, nowNs);
            if (result != Conntrack.TRACK_REOPEN) {
                return result == Conntrack.TRACK_OK;
            }
            conntrack.remove(worker, handle);
        }
    }

    private long create() {
        worker.originalSourceLo = CLIENT;
        worker.originalDestinationLo = VIP;
        worker.originalTransport = TO_VIP;
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = CLIENT;
        worker.replyTransport = TO_CLIENT;
        created++;
        return conntrack.create(worker, nowNs);
    }

    private long handle(int direction) {
        return direction == 0 ? find(CLIENT, VIP, TO_VIP) : find(BACKEND, CLIENT, TO_CLIENT);
    }

    private long find(long source, long destination, long transport) {
        long hash = conntrack.index().hash(0, source, 0, destination, transport);
        return conntrack.index().lookup(hash, 0, source, 0, destination, transport);
    }

    /** The connection's state and status flags. */
    TcpScript expect(String state, int status) {
        long entry = Conntrack.entry(handle(0));
        assertEquals(state, TcpState.name(Entry.state(entry)));
        assertEquals(status, Entry.status(entry), "status flags");
        return this;
    }

    /** There is no such connection any more. */
    TcpScript expectGone() {
        assertEquals(Conntrack.MISS, handle(0));
        assertEquals(Conntrack.MISS, handle(1));
        return this;
    }

    /** Invalid segments so far. */
    TcpScript expectInvalid(long ofClient, long ofServer) {
        assertEquals(ofClient, invalid[0], "invalid segments of the client");
        assertEquals(ofServer, invalid[1], "invalid segments of the server");
        return this;
    }

    /** Connections so far; each chose its backend anew. */
    TcpScript expectConnections(long number) {
        assertEquals(number, created, "connections");
        return this;
    }

    /** Lets time pass. */
    TcpScript seconds(long seconds) {
        nowNs += seconds * SECOND_NS;
        return this;
    }

    /** The entry's remaining life is this, by the second. */
    TcpScript expectExpiryAfter(long seconds) {
        assertEquals(0, conntrack.sweep(worker, nowNs + (seconds - 1) * SECOND_NS, 64), "expired too early");
        worker.sweepPage = 0;
        worker.sweepIndex = 0;
        assertEquals(1, conntrack.sweep(worker, nowNs + (seconds + 1) * SECOND_NS, 64), "still there");
        return this;
    }

    @Override
    public void close() {
        store.close();
        arena.close();
    }
}
