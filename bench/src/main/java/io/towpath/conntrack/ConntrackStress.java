package io.towpath.conntrack;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** Both directions of a connection or neither, one connection per tuple, entries whole: whichever workers meet. */
public final class ConntrackStress {
    static final int CREATED = 1;
    static final int MISS = 0;
    static final int WHOLE = 1;
    static final int WRONG = 9;

    private static final StressTable TABLE = new StressTable(1 << 18);
    private static final AtomicLong NUMBERS = new AtomicLong();

    private ConntrackStress() {}

    /** A connection of its own for each state. */
    static class Connection {
        final long number = NUMBERS.incrementAndGet();

        /** Returns {@link #CREATED}, or the negative constant of {@link Conntrack} that says why not. */
        int create(int worker, int port, int replyPort) {
            long handle = TABLE.create(worker, number, port, replyPort);
            TABLE.endTurn(worker);
            return handle >= 0 ? CREATED : (int) handle;
        }
    }

    /** Both directions of a connection see their first packet at once. Results: what each was told; connections and stray directions left. */
    @JCStressTest
    @Outcome(
            id = {"1, -2, 10", "-2, 1, 10"},
            expect = ACCEPTABLE,
            desc = "One creates the entry, the other looks it up again; nothing of the loser stays.")
    @Outcome(
            id = {"1, -5, 10", "-5, 1, 10", "-5, -5, 0"},
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "A loser gives up after 16 attempts: its packet is dropped and counted, the next one finds the entry.")
    @Outcome(expect = FORBIDDEN, desc = "Two entries for one tuple, or half an entry left.")
    @State
    public static class CreateSameOriginal extends Connection {
        @Actor
        public void one(III_Result r) {
            r.r1 = create(0, 1, 1);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = create(1, 1, 2);
        }

        @Arbiter
        public void after(III_Result r) {
            long original = TABLE.lookupOriginal(number, 1);
            boolean first = TABLE.lookupReply(number, 1) >= 0;
            boolean second = TABLE.lookupReply(number, 2) >= 0;
            boolean stray = original < 0 ? first || second : first == second || !TABLE.isWhole(original, number);
            r.r3 = (TABLE.clear(original) ? 10 : 0) + (stray ? 1 : 0);
        }
    }

    /** Two connections want the same source port towards the backend. Results: what each was told; connections and stray directions left. */
    @JCStressTest
    @Outcome(
            id = {"1, -3, 10", "-3, 1, 10"},
            expect = ACCEPTABLE,
            desc = "One has the port, the other tries the next.")
    @Outcome(
            id = {"1, -5, 10", "-5, 1, 10", "-5, -5, 0"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "A loser gives up after 16 attempts: its packet is dropped and counted.")
    @Outcome(expect = FORBIDDEN, desc = "A port live twice for one backend, or half an entry left.")
    @State
    public static class CreateSameReply extends Connection {
        @Actor
        public void one(III_Result r) {
            r.r1 = create(0, 1, 1);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = create(1, 2, 1);
        }

        @Arbiter
        public void after(III_Result r) {
            long reply = TABLE.lookupReply(number, 1);
            boolean first = TABLE.lookupOriginal(number, 1) >= 0;
            boolean second = TABLE.lookupOriginal(number, 2) >= 0;
            boolean stray = reply < 0 ? first || second : first == second;
            r.r3 = (TABLE.clear(reply) ? 10 : 0) + (stray ? 1 : 0);
        }
    }

    /**
     * A backend opens a connection with the very tuple in which a client's new connection gets its answers. Results: what each was told;
     * connections and stray directions left.
     */
    @JCStressTest
    @Outcome(
            id = {"1, -2, 10", "-3, 1, 10"},
            expect = ACCEPTABLE,
            desc = "One has the tuple. The other is told which of its own tuples was taken.")
    @Outcome(
            id = {"1, -5, 10", "-5, 1, 10", "-5, -5, 0"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "A loser gives up after 16 attempts: its packet is dropped and counted.")
    @Outcome(
            expect = FORBIDDEN,
            desc = "A tuple is in two connections, so that packets would go to either; or half an entry left.")
    @State
    public static class CreateOriginalAgainstReply extends Connection {
        @Actor
        public void client(III_Result r) {
            r.r1 = create(0, 1, 1);
        }

        @Actor
        public void backend(III_Result r) {
            long handle = TABLE.createFromBackend(1, number, 1, 2);
            TABLE.endTurn(1);
            r.r2 = handle >= 0 ? CREATED : (int) handle;
        }

        @Arbiter
        public void after(III_Result r) {
            long contested = TABLE.lookupReply(number, 1);
            boolean client = TABLE.lookupOriginal(number, 1) >= 0;
            boolean backend = TABLE.lookupOriginal(number, 2) >= 0;
            boolean stray = contested < 0 ? client || backend : client == backend;
            r.r3 = (TABLE.clear(contested) ? 10 : 0) + (stray ? 1 : 0);
        }
    }

    /** Results: what a reader found by the reply tuple and then by the original tuple. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1", "1, 1"},
            expect = ACCEPTABLE,
            desc = "Not there yet, or there with all its parts.")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "One direction without the other.")
    @Outcome(expect = FORBIDDEN, desc = "An entry was found before it was whole.")
    @State
    public static class CreateLookup extends Connection {
        private volatile long handle;

        @Actor
        public void creator() {
            handle = TABLE.create(0, number, 1, 1);
            TABLE.endTurn(0);
        }

        @Actor
        public void reader(II_Result r) {
            r.r1 = found(TABLE.lookupReply(number, 1));
            r.r2 = found(TABLE.lookupOriginal(number, 1));
            TABLE.endTurn(1);
        }

        private int found(long found) {
            return found < 0 ? MISS : TABLE.isWhole(found, number) ? WHOLE : WRONG;
        }

        @Arbiter
        public void after(II_Result r) {
            TABLE.clear(handle);
        }
    }

    /** A connection is removed. Results: what a reader found by the reply tuple and then by the original tuple. */
    @JCStressTest
    @Outcome(
            id = {"1, 1", "1, 0", "0, 0"},
            expect = ACCEPTABLE,
            desc = "There with all its parts, or not there any more.")
    @Outcome(
            id = "0, 1",
            expect = FORBIDDEN,
            desc = "One direction went before the other: replies would leave untranslated.")
    @Outcome(expect = FORBIDDEN, desc = "What was found is not whole until the reader's burst is over.")
    @State
    public static class RemoveLookup extends Connection {
        private final long handle = TABLE.prepare(number, 1);

        @Actor
        public void remover() {
            TABLE.conntrack.remove(TABLE.conntrack.worker(0), handle);
            TABLE.endTurn(0);
        }

        @Actor
        public void reader(II_Result r) {
            long reply = TABLE.lookupReply(number, 1);
            long original = TABLE.lookupOriginal(number, 1);
            r.r1 = reply < 0 ? MISS : TABLE.isWhole(reply, number) ? WHOLE : WRONG;
            r.r2 = original < 0 ? MISS : TABLE.isWhole(original, number) ? WHOLE : WRONG;
            TABLE.endTurn(1);
        }
    }

    /** Results: what each remover was told; directions left. */
    @JCStressTest
    @Outcome(
            id = {"true, false, 0", "false, true, 0"},
            expect = ACCEPTABLE,
            desc = "One removes both directions.")
    @Outcome(expect = FORBIDDEN, desc = "Removed twice, which would free the entry twice; or not at all.")
    @State
    public static class RemoveRemove extends Connection {
        private final long handle = TABLE.prepare(number, 1);

        @Actor
        public void one(ZZI_Result r) {
            r.r1 = remove(0);
        }

        @Actor
        public void other(ZZI_Result r) {
            r.r2 = remove(1);
        }

        private boolean remove(int worker) {
            boolean removed = TABLE.conntrack.remove(TABLE.conntrack.worker(worker), handle);
            TABLE.endTurn(worker);
            return removed;
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = (TABLE.lookupOriginal(number, 1) >= 0 ? 1 : 0) + (TABLE.lookupReply(number, 1) >= 0 ? 1 : 0);
        }
    }

    /**
     * A table of two entries, so that each connection takes the memory of the one before the last. A reader looks one up and then reads its
     * rewrite, as the apply stage does later in the burst. Result: what it read.
     */
    @JCStressTest
    @Outcome(
            id = {"0", "1"},
            expect = ACCEPTABLE,
            desc = "No connection, or all parts of the one that was looked up.")
    @Outcome(expect = FORBIDDEN, desc = "The entry became another connection's while a worker held it.")
    @State
    public static class Reuse {
        private static final StressTable SMALL = new StressTable(2);
        private static final long FIRST = 1L << 40;

        private static long live = create(FIRST); // worker 0 only
        private static long next = FIRST + 1;

        @Actor
        public void owner() {
            long created = create(next);
            if (created >= 0) { // else the reader may still hold the entry that is to be used again
                SMALL.conntrack.remove(SMALL.conntrack.worker(0), live);
                live = created;
                next ^= 1;
            }
            SMALL.endTurn(0);
        }

        /** An assured entry is not evicted, so it stays until its owner removes it. */
        private static long create(long number) {
            long handle = SMALL.create(0, number, 1, 1);
            if (handle >= 0) {
                Entry.addStatus(handle, Entry.ASSURED);
            }
            return handle;
        }

        @Actor
        public void reader(I_Result r) {
            for (long number = FIRST; number <= FIRST + 1; number++) {
                long found = SMALL.lookupOriginal(number, 1);
                if (found >= 0) {
                    r.r1 = SMALL.isWhole(found, number) ? WHOLE : WRONG;
                    break;
                }
            }
            SMALL.endTurn(1);
        }
    }

    /** Two workers have a packet of one connection and direction at once. Results: packets and bytes counted. */
    @JCStressTest
    @Outcome(id = "2, 200", expect = ACCEPTABLE, desc = "Both count.")
    @Outcome(
            id = {"1, 100", "1, 200", "2, 100"},
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "One is lost, as Entry says: an entry's counts inform people, and an atomic addition per packet costs more.")
    @Outcome(expect = FORBIDDEN, desc = "A count that was never stored.")
    @State
    public static class Count extends Connection {
        private final long handle = TABLE.prepare(number, 1);

        @Actor
        public void one() {
            count(0);
        }

        @Actor
        public void other() {
            count(1);
        }

        private void count(int worker) {
            Entry.count(handle, 0, 100);
            TABLE.endTurn(worker);
        }

        @Arbiter
        public void after(II_Result r) {
            r.r1 = (int) Entry.packets(handle, 0);
            r.r2 = (int) Entry.bytes(handle, 0);
            TABLE.clear(handle);
        }
    }
}
