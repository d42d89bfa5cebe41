package io.towpath.conntrack;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.linux.NativeMemory;
import io.towpath.packet.FiveTuple;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Workers that go on from turn to turn in a table so small that they are always in each other's way. */
public final class ConntrackTurnsStress {
    static final int NO_ROOM = 0;
    static final int PASSED = 1;
    static final int PASSED_AND_GONE = 2;
    static final int CREATED = 3;
    static final int NOT_YET = 4;
    static final int WRONG = 9;

    private static final int PAGE_ENTRIES = EntryPages.PAGE_BYTES / Entry.IPV4_BYTES;
    private static final long SECOND_NS = 1_000_000_000L;
    /** Numbers whose connections are of IPv4. */
    private static final int IPV4_STEP = 4;

    private ConntrackTurnsStress() {}

    /** A worker with packets of one connection. Its thread only. */
    private static final class Packets {
        private final StressTable table;
        private final int worker;
        private final long number;

        Packets(StressTable table, int worker, long number) {
            this.table = table;
            this.worker = worker;
            this.number = number;
        }

        /** Has a packet of the original direction, as the pipeline has it: the connection is used until the end of the turn. */
        int turn(long nowNs) {
            int result = resolve(nowNs);
            table.endTurn(worker);
            return result;
        }

        private int resolve(long nowNs) {
            long handle = table.lookupOriginal(number, 1);
            if (handle >= 0) {
                if (track(handle, nowNs) == Conntrack.TRACK_OK) {
                    return isGone(handle);
                }
                table.conntrack.remove(table.conntrack.worker(worker), handle);
            }
            handle = table.create(worker, number, 1, 1, FiveTuple.UDP, nowNs);
            return handle >= 0 ? CREATED : handle == Conntrack.FULL ? NO_ROOM : NOT_YET;
        }

        private int track(long handle, long nowNs) {
            ConntrackWorker tracking = table.conntrack.worker(worker);
            return table.conntrack.track(
                    tracking, handle, NativeMemory.ALL, 0, 0, 100, nowNs); // of UDP nothing is read
        }

        private int isGone(long handle) {
            boolean reply = table.lookupReply(number, 1) >= 0;
            boolean original = table.lookupOriginal(number, 1) >= 0;
            boolean wrong = original && !reply || !table.isWhole(handle, number);
            return wrong ? WRONG : original ? PASSED : PASSED_AND_GONE;
        }
    }

    /**
     * A connection gets a packet just before it would have expired, while another worker, whose clock is a little ahead, sweeps. Results:
     * what became of the packet; connections swept.
     */
    @JCStressTest
    @Outcome(
            id = {"1, 0", "1, 1", "3, 0", "3, 1", "0, 0", "0, 1"},
            expect = ACCEPTABLE,
            desc =
                    "The packet kept the connection, or found none and began one anew (with no room: the sweeper has not passed its burst yet).")
    @Outcome(
            id = {"2, 0", "2, 1"},
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "The sweep had judged it before: this packet goes on by what the entry says, the next one begins anew.")
    @Outcome(
            id = {"4, 0", "4, 1"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "The sweeper is between the entry and the index: the packet tries again, 64 times at most.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "Half of a connection is left, or its entry was used again while the packet's burst lasts.")
    @State
    public static class SweepAgainstPacket {
        private static final StressTable TABLE = new StressTable(PAGE_ENTRIES);
        private static final Packets PACKETS = new Packets(TABLE, 1, 0);
        /** More than half of the time that a UDP connection is kept. */
        private static final long STEP_NS = 16 * SECOND_NS;

        private static volatile long nowNs = STEP_NS;

        @Actor
        public void packets(II_Result r) {
            long now = nowNs;
            r.r1 = PACKETS.turn(now);
            nowNs = now + STEP_NS; // from here until its next packet the sweeper finds the connection expired
        }

        /** The first page of entries, the only one, is this worker's share. */
        @Actor
        public void sweeper(II_Result r) {
            r.r2 = TABLE.conntrack.sweep(TABLE.conntrack.worker(0), nowNs + STEP_NS, PAGE_ENTRIES + 1);
            TABLE.endTurnSharing(0);
        }
    }

    /** New connections displace others in a full table, while one of these has packets. Results: what became of the packet; the creation. */
    @JCStressTest
    @Outcome(
            id = {"1, 0", "1, 3", "3, 0", "3, 3", "0, 0", "0, 3"},
            expect = ACCEPTABLE,
            desc = "The packet has its connection, or begins it anew, or is refused as the table is full.")
    @Outcome(
            id = {"2, 0", "2, 3"},
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "Displaced after the packet had found it: this packet goes on by what the entry says, the next one begins anew.")
    @Outcome(
            id = {"4, 0", "4, 3"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "The other worker is between the entry and the index: the packet tries again, 64 times at most.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "Half of a connection is left, or its entry was used again while the packet's burst lasts.")
    @State
    public static class EvictAgainstPacket {
        private static final StressTable TABLE = new StressTable(2 * PAGE_ENTRIES);
        private static final Packets PACKETS = new Packets(TABLE, 1, 0);

        private static long next = IPV4_STEP; // the creator's only

        @Actor
        public void packets(II_Result r) {
            r.r1 = PACKETS.turn(0);
        }

        @Actor
        public void creator(II_Result r) {
            long handle = TABLE.create(0, next, 1, 1);
            next += IPV4_STEP;
            r.r2 = handle >= 0 ? CREATED : handle == Conntrack.FULL ? NO_ROOM : WRONG;
            TABLE.endTurnSharing(0);
        }
    }

    /**
     * Connections whose tuples are not the same but have the same two lines of the index: each worker makes one and removes it in its next
     * turn. Results: what became of it.
     */
    @JCStressTest
    @Outcome(
            id = {"3, 3", "3, 0", "0, 3", "0, 0"},
            expect = ACCEPTABLE,
            desc = "It is there with both directions. No room: removed ones wait for the other worker's burst to end.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "Lost, mistaken for the other's, or refused although two lines have places for sixteen.")
    @State
    public static class CreateColliding {
        /** Room for what one worker removes while the other one is not running: jcstress lets it be ahead by some 10,000 turns. */
        private static final StressTable TABLE = new StressTable(1 << 15);

        private static final long[] NUMBERS = colliding();
        private static final long[] LIVE = {Conntrack.MISS, Conntrack.MISS}; // each by its actor only

        private static long[] colliding() {
            long lines = TABLE.lines(0, 1);
            long other = IPV4_STEP;
            while (TABLE.lines(other, 1) != lines) {
                other += IPV4_STEP;
            }
            return new long[] {0, other};
        }

        @Actor
        public void one(II_Result r) {
            r.r1 = turn(0);
        }

        @Actor
        public void other(II_Result r) {
            r.r2 = turn(1);
        }

        private static int turn(int worker) {
            boolean removed = LIVE[worker] < 0 || TABLE.conntrack.remove(TABLE.conntrack.worker(worker), LIVE[worker]);
            LIVE[worker] = TABLE.create(worker, NUMBERS[worker], 1, 1);
            boolean hadRoom = LIVE[worker] != Conntrack.FULL && !hasDisplaced(0) && !hasDisplaced(1);
            int result = removed && isThere(worker) ? CREATED : hadRoom ? WRONG : NO_ROOM;
            TABLE.endTurn(worker);
            return result;
        }

        private static boolean hasDisplaced(int worker) {
            return TABLE.conntrack.worker(worker).evicted() != 0;
        }

        private static boolean isThere(int worker) {
            long handle = LIVE[worker];
            return handle >= 0
                    && TABLE.lookupOriginal(NUMBERS[worker], 1) == handle
                    && TABLE.lookupReply(NUMBERS[worker], 1) == handle + 1
                    && TABLE.isWhole(handle, NUMBERS[worker]);
        }
    }
}
