package io.towpath.maps;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;

/**
 * A reader has a key's value or nothing, never another's, while the writer adds, replaces, removes and moves everything to the other half.
 *
 * <p>The maps are small and outlive the states, so a move comes every few insertions.
 */
public final class WordMapStress {
    static final int ABSENT = 0;
    static final int FOUND = 1;
    static final int WRONG = 9;

    private static final int CAPACITY = 8;
    private static final long STAYING = 7;
    private static final AtomicLong KEYS = new AtomicLong(STAYING);

    private WordMapStress() {}

    /** A value that tells its key. */
    private static long value(long key) {
        return key << 1 | 1;
    }

    private static WordMap create(Quiescence quiescence) {
        WordMap map = WordMap.create(new AnonymousMapStore(), "stress", CAPACITY, 42, quiescence);
        map.put(STAYING, STAYING, STAYING, value(STAYING));
        return map;
    }

    /** Results: whether the key that stays had its value; what the key that came had. */
    @JCStressTest
    @Outcome(
            id = {"true, 0", "true, 1"},
            expect = ACCEPTABLE,
            desc = "Each has its own value; the new one may be still or already gone.")
    @Outcome(expect = FORBIDDEN, desc = "A key lost its value or had another's.")
    @State
    public static class PutRemoveGet {
        private static final Quiescence QUIESCENCE = new Quiescence(1);
        private static final WordMap MAP = create(QUIESCENCE);
        private static long last; // writer only

        private final long key = KEYS.incrementAndGet();

        static {
            QUIESCENCE.online(0);
        }

        @Actor
        public void writer() {
            MAP.remove(last, last, last);
            if (MAP.put(key, key, key, value(key))) { // false: the reader may still be in the other half
                last = key;
            }
        }

        @Actor
        public void reader(ZI_Result r) {
            long found = MAP.get(key, key, key);
            r.r1 = MAP.get(STAYING, STAYING, STAYING) == value(STAYING);
            r.r2 = found == 0 ? ABSENT : found == value(key) ? FOUND : WRONG;
            QUIESCENCE.quiescent(0);
        }
    }

    /** Results: two readings of one key, as distances from what it was when the state was made. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Old, or new, or old and then new.")
    @Outcome(expect = FORBIDDEN, desc = "A value that was never put, or the newer one before the older.")
    @State
    public static class Replace {
        private static final WordMap MAP = create(new Quiescence(0));
        private static long version = 1; // writer only

        @Actor
        public void writer() {
            MAP.put(STAYING, STAYING, STAYING, ++version);
        }

        @Actor
        public void reader(II_Result r) {
            long before = MAP.get(STAYING, STAYING, STAYING);
            long after = MAP.get(STAYING, STAYING, STAYING);
            r.r1 = before <= 0 ? WRONG : 0;
            r.r2 = after < before ? WRONG : 0;
        }
    }

    /** A listing that nobody waits for, as another process makes it. Results: whether all values were their keys'; times of the key that stays. */
    @JCStressTest
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Listed once, with whole entries.")
    @Outcome(
            id = "true, -1",
            expect = ACCEPTABLE_INTERESTING,
            desc = "Moves overtook 16 listings of this tiny map: the caller is told to try again.")
    @Outcome(expect = FORBIDDEN, desc = "An entry was half there, or the one that stays was missing.")
    @State
    public static class Listing {
        private static final WordMap MAP = create(new Quiescence(0));
        private static long last; // writer only

        private final long key = KEYS.incrementAndGet();

        @Actor
        public void writer() {
            MAP.remove(last, last, last);
            if (MAP.put(key, key, key, value(key))) {
                last = key;
            }
        }

        @Actor
        public void reader(ZI_Result r) {
            r.r1 = true;
            try {
                MAP.forEach((key0, key1, key2, value) -> {
                    r.r1 &= key0 == key1 && key1 == key2 && value == value(key0);
                    r.r2 += key0 == STAYING ? 1 : 0;
                });
            } catch (MapException e) {
                r.r2 = -1;
            }
        }
    }
}
