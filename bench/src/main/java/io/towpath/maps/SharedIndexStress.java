package io.towpath.maps;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** One reference per key, whatever the race, and whoever finds a reference sees what it refers to. */
public final class SharedIndexStress {
    static final int INSERTED = 1;
    static final int PRESENT = 2;
    static final int CONTENDED = 3;
    static final int FULL = 4;
    static final int WRONG = 9;

    /**
     * One index for all states, as one serves all connections: neighbours of a bucket come and go during each race. Its size is 10 times what
     * the states hold at once, so that it never is {@link SharedIndex#FULL} for a key.
     */
    private static final SharedIndex INDEX = SharedIndex.create(new AnonymousMapStore(), "stress", 1 << 18);

    private static final AtomicLong KEYS = new AtomicLong();
    private static final int KEYS_LIMIT = 1 << 29;

    private SharedIndexStress() {}

    /** A key of its own for each state, and two references that have it: {@code 2 * key} and the next. */
    static class Key {
        final int first = (int) (KEYS.getAndIncrement() % KEYS_LIMIT + 1) << 1;
        final int second = first | 1;
        final long hash = spread(first);

        static long spread(long value) {
            long x = value * 0x9E3779B97F4A7C15L;
            x = (x ^ x >>> 32) * 0xBF58476D1CE4E5B9L;
            return x ^ x >>> 29;
        }

        int insert(int reference) {
            return insert(reference, (a, b) -> a >> 1 == b >> 1);
        }

        int insert(int reference, SharedIndex.Keys keys) {
            int rival = INDEX.insert(hash, reference, keys);
            return switch (rival) {
                case 0 -> INSERTED;
                case SharedIndex.CONTENDED -> CONTENDED;
                case SharedIndex.FULL -> FULL;
                default -> rival >> 1 == first >> 1 ? PRESENT : WRONG;
            };
        }

        /** Returns how many references of the key are confirmed. */
        int confirmed() {
            return in(INDEX.firstBucket(hash)) + in(INDEX.secondBucket(hash));
        }

        private int in(long bucket) {
            int count = 0;
            for (long found = INDEX.next(bucket, hash, 0);
                    found >= 0;
                    found = INDEX.next(bucket, hash, (int) (found >>> 32) + 1)) {
                count += (int) found >> 1 == first >> 1 ? 1 : 0;
            }
            return count;
        }

        boolean remove(int reference) {
            return INDEX.remove(hash, reference);
        }

        /** Returns how many references of the key were left, and takes them out. */
        int clear() {
            int left = confirmed();
            remove(first);
            remove(second);
            return left;
        }
    }

    /** Two workers see the first packet of a connection at once. Results: what each was told, references in the end. */
    @JCStressTest
    @Outcome(
            id = {"1, 2, 1", "2, 1, 1"},
            expect = ACCEPTABLE,
            desc = "One wins, the other is told.")
    @Outcome(
            id = {"1, 3, 1", "3, 1, 1", "3, 3, 0"},
            expect = ACCEPTABLE_INTERESTING,
            desc =
                    "A loser gives up after 16 attempts: it never saw the winner confirmed. Its packet is dropped and counted.")
    @Outcome(expect = FORBIDDEN, desc = "Both have the key, or none has.")
    @State
    public static class InsertInsert extends Key {
        @Actor
        public void one(III_Result r) {
            r.r1 = insert(first);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = insert(second);
        }

        @Arbiter
        public void after(III_Result r) {
            r.r3 = clear();
        }
    }

    /** The other key has the same hash: same buckets, same tag. */
    @JCStressTest
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "Keys decide, not tags: both are in.")
    @Outcome(expect = FORBIDDEN, desc = "A key kept another out.")
    @State
    public static class InsertInsertSameHash extends Key {
        @Actor
        public void one(III_Result r) {
            r.r1 = insert(first, (a, b) -> a == b);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = insert(second, (a, b) -> a == b);
        }

        @Arbiter
        public void after(III_Result r) {
            r.r3 = clear();
        }
    }

    /** What the reference refers to is written before the insertion, by plain stores. Results: inserted, what the reader found. */
    @JCStressTest
    @Outcome(
            id = {"1, 0", "1, 42"},
            expect = ACCEPTABLE,
            desc = "Not found yet, or found with what it refers to.")
    @Outcome(expect = FORBIDDEN, desc = "The reference was found before what it refers to.")
    @State
    public static class InsertLookup extends Key {
        private int record;

        @Actor
        public void writer(II_Result r) {
            record = 42;
            r.r1 = insert(first);
        }

        @Actor
        public void reader(II_Result r) {
            if (confirmed() != 0) {
                r.r2 = record == 0 ? WRONG : record;
            }
        }

        @Arbiter
        public void after(II_Result r) {
            clear();
        }
    }

    /** Two workers close the same connection. Results: what each was told, references left. */
    @JCStressTest
    @Outcome(
            id = {"true, false, 0", "false, true, 0"},
            expect = ACCEPTABLE,
            desc = "One removes it.")
    @Outcome(expect = FORBIDDEN, desc = "Both removed it, or none did.")
    @State
    public static class RemoveRemove extends Key {
        public RemoveRemove() {
            insert(first);
        }

        @Actor
        public void one(ZZI_Result r) {
            r.r1 = remove(first);
        }

        @Actor
        public void other(ZZI_Result r) {
            r.r2 = remove(first);
        }

        @Arbiter
        public void after(ZZI_Result r) {
            r.r3 = clear();
        }
    }

    /** A connection ends while its tuple begins anew. Results: removed (1) or not, what the inserter was told, references in the end. */
    @JCStressTest
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Removed first, then inserted.")
    @Outcome(id = "1, 2, 0", expect = ACCEPTABLE, desc = "The inserter found the old one, which went then.")
    @Outcome(expect = FORBIDDEN, desc = "The old reference stayed, or the new one was lost.")
    @State
    public static class RemoveInsert extends Key {
        public RemoveInsert() {
            insert(first);
        }

        @Actor
        public void remover(III_Result r) {
            r.r1 = remove(first) ? 1 : 0;
        }

        @Actor
        public void inserter(III_Result r) {
            r.r2 = insert(second);
        }

        @Arbiter
        public void after(III_Result r) {
            r.r3 = clear();
        }
    }

    /** One reference gives way to another while a third party looks. Results: the inserter's, what the reader found. */
    @JCStressTest
    @Outcome(
            id = {"1, 0", "1, 1", "1, 2"},
            expect = ACCEPTABLE,
            desc = "The old one, the new one, or none between the two.")
    @Outcome(expect = FORBIDDEN, desc = "A reference that was never confirmed, or both at once in one bucket.")
    @State
    public static class RemoveInsertLookup extends Key {
        private volatile boolean removed;

        public RemoveInsertLookup() {
            insert(first);
        }

        @Actor
        public void writer(II_Result r) {
            remove(first);
            removed = true;
            r.r1 = insert(second);
        }

        @Actor
        public void reader(II_Result r) {
            boolean gone = removed;
            long found = INDEX.next(INDEX.firstBucket(hash), hash, 0);
            int reference = (int) found;
            if (found >= 0 && reference >> 1 == first >> 1) {
                r.r2 = reference == second ? 2 : gone ? WRONG : 1;
            }
        }

        @Arbiter
        public void after(II_Result r) {
            clear();
        }
    }

    /**
     * Two lines have one place left, and two workers want it, turn after turn: one that got it gives it back in its next turn. Results:
     * what each was told, {@link #WRONG} if both had the place or one lost it.
     */
    @JCStressTest
    @Outcome(
            id = {"1, 1", "1, 4", "4, 1", "4, 4"},
            expect = ACCEPTABLE,
            desc =
                    "It has the place, or is told that there is none, as the other's claim counts from its first CAS on.")
    @Outcome(expect = FORBIDDEN, desc = "A place with two owners: a connection that nobody finds any more.")
    @State
    public static class InsertLastPlace {
        private static final SharedIndex LINES = SharedIndex.create(new AnonymousMapStore(), "lines", 2);
        private static final int PLACES = 2 * SharedIndex.BUCKET_SLOTS;
        private static final AtomicInteger OWNERS = new AtomicInteger();
        private static final boolean[] OWNS = new boolean[2]; // each by its actor only

        static {
            for (int reference = 1; reference < PLACES; reference++) {
                LINES.insert(Key.spread(reference), reference, (a, b) -> a == b);
            }
        }

        @Actor
        public void one(II_Result r) {
            r.r1 = turn(0);
        }

        @Actor
        public void other(II_Result r) {
            r.r2 = turn(1);
        }

        private static int turn(int actor) {
            int reference = PLACES + actor;
            long hash = Key.spread(reference);
            if (OWNS[actor]) {
                OWNERS.decrementAndGet();
                OWNS[actor] = false;
                if (!LINES.remove(hash, reference)) {
                    return WRONG;
                }
            }
            if (LINES.insert(hash, reference, (a, b) -> a == b) != 0) {
                return FULL;
            }
            OWNS[actor] = true;
            return OWNERS.incrementAndGet() == 1 ? INSERTED : WRONG;
        }
    }
}
