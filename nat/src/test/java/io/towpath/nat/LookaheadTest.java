package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.EntryIndex;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import io.towpath.wire.Address;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is found ahead for a burst is what a look-up of each packet finds, also where it is not true any more. */
final class LookaheadTest {
    private static final int CONNECTIONS = 3_000;
    private static final int BURSTS = 1_000;
    private static final int[] OTHER_KINDS = {
        FlowKind.INVALID, FlowKind.ICMP_ERROR, FlowKind.OTHER_IP, FlowKind.ARP, FlowKind.NEIGHBOR
    };

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Arena arena = Arena.ofConfined();
    private final Burst burst = new Burst(arena.allocate(64));
    private Conntrack conntrack;
    private ConntrackWorker worker;
    private EntryIndex index;
    private Lookahead lookahead;

    private record Tuple(Address source, Address destination, long transport) {
        Tuple reverse() {
            return new Tuple(destination, source, FiveTuple.reverse(transport));
        }
    }

    @BeforeEach
    void setUp() {
        use(2 * CONNECTIONS);
    }

    private void use(int maxEntries) {
        ConntrackConfig config = ConntrackConfig.defaults().withMaxEntries(maxEntries);
        conntrack = new Conntrack(store, config, 1, 2, 42, new Quiescence(1));
        worker = conntrack.worker(0);
        index = conntrack.index();
        lookahead = new Lookahead(index);
    }

    @AfterEach
    void close() {
        store.close();
        arena.close();
    }

    private static Tuple tuple(boolean isIpv4, int client, int port) {
        return new Tuple(
                isIpv4 ? Address.ofIpv4(0x0A00_0000 + client) : new Address(0xFD00L << 48, client),
                Address.parse(isIpv4 ? "10.96.0.1" : "fd00:96::1"),
                FiveTuple.transport(port, 80, FiveTuple.UDP));
    }

    private static Tuple ipv4(int client) {
        return tuple(true, client, 1000);
    }

    private long create(Tuple original) {
        worker.originalSourceHi = original.source.hi();
        worker.originalSourceLo = original.source.lo();
        worker.originalDestinationHi = original.destination.hi();
        worker.originalDestinationLo = original.destination.lo();
        worker.originalTransport = original.transport;
        worker.replySourceHi = original.destination.hi();
        worker.replySourceLo = original.destination.lo();
        worker.replyDestinationHi = original.source.hi();
        worker.replyDestinationLo = original.source.lo();
        worker.replyTransport = FiveTuple.reverse(original.transport);
        long handle = conntrack.create(worker, 1);
        assertTrue(handle >= 0);
        return handle;
    }

    private void add(Tuple tuple, int kind) {
        int i = burst.count;
        burst.add(0, 0, 0, 64);
        burst.kind(i, kind);
        burst.sourceHi(i, tuple.source.hi());
        burst.sourceLo(i, tuple.source.lo());
        burst.destinationHi(i, tuple.destination.hi());
        burst.destinationLo(i, tuple.destination.lo());
        burst.transport(i, tuple.transport);
    }

    private void touch(Tuple... tuples) {
        burst.clear();
        for (Tuple tuple : tuples) {
            add(tuple, FlowKind.FLOW);
        }
        lookahead.touch(burst);
    }

    private long hash(Tuple tuple) {
        return index.hash(
                tuple.source.hi(), tuple.source.lo(), tuple.destination.hi(), tuple.destination.lo(), tuple.transport);
    }

    /** Some are in their second line, some packets have no connection, some no five-tuple; lengths of bursts go up and down. */
    @Test
    void shouldFindForEachPacketOfABurstWhatAMapHas() {
        Random random = new Random(1);
        Map<Tuple, Long> model = new HashMap<>();
        List<Tuple> tuples = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            Tuple original = tuple(random.nextBoolean(), i, random.nextInt(65_536));
            long handle = create(original);
            model.put(original, handle);
            model.put(original.reverse(), handle | 1);
            tuples.add(original);
            tuples.add(original.reverse());
        }
        int inSecondLine = 0;
        for (int round = 0; round < BURSTS; round++) {
            List<Tuple> packets = fill(random, tuples);
            lookahead.touch(burst);
            for (int i = 0; i < burst.count; i++) {
                if (burst.kind(i) == FlowKind.FLOW) {
                    long expected = model.getOrDefault(packets.get(i), Conntrack.MISS);
                    inSecondLine += assertFound(i, packets.get(i), expected) ? 1 : 0;
                } else {
                    assertTrue(lookahead.candidate(i) < 0, "no five-tuple");
                    assertFalse(lookahead.isUnknown(i), "no five-tuple");
                }
            }
        }
        assertTrue(inSecondLine > BURSTS / 10, inSecondLine + " in their second line");
    }

    /** Returns whether a connection was found in its second line. */
    private boolean assertFound(int i, Tuple tuple, long expected) {
        long hash = hash(tuple);
        assertEquals(hash, burst.hash(i));
        assertEquals(expected, lookahead.candidate(i));
        assertEquals(expected == Conntrack.MISS, lookahead.isUnknown(i));
        assertEquals(expected, lookahead.lookup(burst, i));
        assertEquals(expected, lookahead.lookupAgain(burst, i));
        return expected != Conntrack.MISS && index.candidate(index.line(hash), hash) == Conntrack.MISS;
    }

    private List<Tuple> fill(Random random, List<Tuple> tuples) {
        List<Tuple> packets = new ArrayList<>();
        burst.clear();
        for (int left = random.nextInt(Burst.LIMIT + 1); left > 0; left--) {
            boolean isKnown = random.nextInt(4) > 0;
            packets.add(
                    isKnown
                            ? tuples.get(random.nextInt(tuples.size()))
                            : tuple(random.nextBoolean(), CONNECTIONS + random.nextInt(1_000), 1));
            boolean isFlow = random.nextInt(4) > 0;
            add(packets.getLast(), isFlow ? FlowKind.FLOW : OTHER_KINDS[random.nextInt(OTHER_KINDS.length)]);
        }
        return packets;
    }

    @Test
    void shouldNotFindWhatAnEarlierPacketOfTheBurstRemoved() {
        long handle = create(ipv4(1));
        touch(ipv4(1), ipv4(1).reverse());
        assertTrue(conntrack.remove(worker, handle));

        assertEquals(handle, lookahead.candidate(0), "it was there");
        assertEquals(Conntrack.MISS, lookahead.lookup(burst, 0));
        assertEquals(Conntrack.MISS, lookahead.lookup(burst, 1));
    }

    @Test
    void shouldFindWhatAnEarlierPacketOfTheBurstCreated() {
        touch(ipv4(1), ipv4(1));
        assertEquals(Conntrack.MISS, lookahead.lookup(burst, 0));
        long handle = create(ipv4(1));

        assertEquals(Conntrack.MISS, lookahead.candidate(1), "it was not there");
        assertEquals(handle, lookahead.lookup(burst, 1));
    }

    @Test
    void shouldFindTheConnectionThatTookTheTupleOver() {
        long old = create(ipv4(1));
        touch(ipv4(1));
        conntrack.remove(worker, old);
        long next = create(ipv4(1));

        assertNotEquals(old, next, "memory is not used again within a burst");
        assertEquals(next, lookahead.lookup(burst, 0));
    }

    @Test
    void shouldNotTakeACandidateOfTheSameTagForTheConnection() {
        use(4);
        Tuple[] alike = tuplesOfOneTag();
        long handle = create(alike[0]);
        touch(alike[1], alike[0]);
        assertTrue(lookahead.candidate(0) < 0, "the tuple is another");
        assertFalse(lookahead.isUnknown(0), "the tag is in the index");
        assertEquals(Conntrack.MISS, lookahead.lookup(burst, 0));
        assertEquals(handle, lookahead.lookup(burst, 1));

        long other = create(alike[1]);
        lookahead.touch(burst);
        assertTrue(lookahead.candidate(0) < 0, "the tuple is another");
        assertEquals(other, lookahead.lookup(burst, 0));
        assertEquals(handle, lookahead.lookup(burst, 1));
    }

    /** The tag is 32 bits of the hash: of some hundred thousand clients two have it alike, and in one line of a small index. */
    private Tuple[] tuplesOfOneTag() {
        Map<Long, Tuple> known = new HashMap<>();
        for (int client = 1; client < 1 << 20; client++) {
            Tuple tuple = ipv4(client);
            long hash = hash(tuple);
            Tuple other = known.put(index.line(hash) << 32 ^ hash & 0xFFFF_FFFFL, tuple);
            if (other != null && index.line(hash(other)) == index.line(hash)) {
                return new Tuple[] {other, tuple};
            }
        }
        throw new AssertionError("no two tags alike");
    }
}
