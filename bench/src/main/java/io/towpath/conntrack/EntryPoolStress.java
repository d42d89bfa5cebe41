package io.towpath.conntrack;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Workers take all entries of the shared stack, give one back at once and the others later, so that the top is often the entry it was
 * before with another below: what a stack without a tag gets wrong. Results: entries taken that the other worker had.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "An entry has one owner.")
@Outcome(expect = FORBIDDEN, desc = "An entry was taken twice.")
@State
public class EntryPoolStress {
    private static final int ENTRIES = 3;
    private static final StressTable TABLE = new StressTable(ENTRIES);
    private static final EntryPages PAGES = TABLE.conntrack.pages();
    private static final EntryPool POOL = new EntryPool(PAGES, EntryPages.IPV4, ENTRIES);
    /** By entry number: all are on the first page. */
    private static final AtomicIntegerArray OWNED =
            new AtomicIntegerArray(EntryPages.number(1, ENTRIES, EntryPages.IPV4) + 1);

    private static final Taker[] TAKERS = {new Taker(), new Taker()};

    /** One worker with the entries that it keeps until its next turn. Its thread only. */
    private static final class Taker {
        private final EntryLists lists = new EntryLists();
        private final int[] kept = new int[ENTRIES + 1];
        private int keptCount;

        /** Gives back what it kept, takes what is there, and gives back the first at once. Returns how many of them the other had. */
        int turn() {
            while (keptCount > 0) {
                share(kept[--keptCount]);
            }
            int twice = 0;
            for (int entry = POOL.allocate(lists, TABLE.conntrack);
                    entry != 0 && keptCount < kept.length;
                    entry = lists.freeCount == 0 ? 0 : POOL.allocate(lists, TABLE.conntrack)) {
                twice += OWNED.getAndSet(entry, 1);
                kept[keptCount++] = entry;
            }
            if (keptCount > 1) {
                share(kept[--keptCount]);
            }
            return twice;
        }

        private void share(int entry) {
            OWNED.setRelease(entry, 0);
            POOL.share(entry);
        }
    }

    @Actor
    public void one(II_Result r) {
        r.r1 = TAKERS[0].turn();
    }

    @Actor
    public void other(II_Result r) {
        r.r2 = TAKERS[1].turn();
    }
}
