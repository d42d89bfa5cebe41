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
 * Workers take entries from the shared stack and give some of them back, in changing order, so that the top is often the entry it was
 * before with another below: what a stack without a tag gets wrong. Results: entries taken that the other worker had.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "An entry has one owner.")
@Outcome(expect = FORBIDDEN, desc = "An entry was taken twice.")
@State
public class EntryPoolStress {
    private static final int ENTRIES = 4;
    private static final StressTable TABLE = new StressTable(ENTRIES);
    private static final EntryPool POOL = new EntryPool(TABLE.conntrack.entries(), ENTRIES);
    private static final AtomicIntegerArray OWNERS = new AtomicIntegerArray(ENTRIES + 1);
    private static final Taker[] TAKERS = {new Taker(0), new Taker(1)};

    /** One worker with the entries that it keeps. Its thread only. */
    private static final class Taker {
        private final ConntrackWorker worker;
        private final int mark;
        private final int[] kept = new int[ENTRIES + 1];
        private int keptCount;

        Taker(int number) {
            worker = new ConntrackWorker(number);
            mark = number + 1;
        }

        /** Returns how many of the entries it was given were the other's. */
        int turn() {
            int twice = 0;
            int entry;
            while (keptCount < kept.length && (entry = POOL.allocate(worker, TABLE.conntrack)) != 0) {
                twice += OWNERS.compareAndSet(entry, 0, mark) ? 0 : 1;
                kept[keptCount++] = entry;
            }
            while (keptCount > 1) {
                share(kept[0]); // the first one taken becomes the top again; the last one is kept
                System.arraycopy(kept, 1, kept, 0, --keptCount);
            }
            if (keptCount == 1 && (kept[0] & 1) == 0) {
                share(kept[--keptCount]);
            }
            return twice;
        }

        /** Only a surplus is shared: the worker pretends to one of a single entry. */
        private void share(int entry) {
            OWNERS.compareAndSet(entry, mark, 0);
            worker.free = 0;
            worker.freeCount = EntryPool.SURPLUS;
            POOL.giveBack(worker, entry, TABLE.conntrack);
            POOL.share(worker, TABLE.conntrack);
            worker.freeCount = 0;
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
