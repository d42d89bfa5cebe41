package io.towpath.maps;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** Counters lose nothing, as each word has one writer, and do not go back under a reader. */
public final class CounterMapStress {
    private static final int CAPACITY = 1 << 20;
    private static final CounterMap COUNTERS = CounterMap.create(new AnonymousMapStore(), "stress", 2, CAPACITY);
    private static final AtomicInteger IDS = new AtomicInteger();

    private CounterMapStress() {}

    /** A counter of its own for each state; ids come round, so what is in it is subtracted. */
    static class Counter {
        final int id = Math.floorMod(IDS.getAndIncrement(), CAPACITY);
        final long packetsBefore = COUNTERS.packets(id);
        final long bytesBefore = COUNTERS.bytes(id);

        long packets() {
            return COUNTERS.packets(id) - packetsBefore;
        }
    }

    /** Results: packets and bytes in the end. */
    @JCStressTest
    @Outcome(id = "2, 300", expect = ACCEPTABLE, desc = "Both workers' packets count.")
    @Outcome(expect = FORBIDDEN, desc = "A count was lost.")
    @State
    public static class TwoWorkers extends Counter {
        @Actor
        public void one() {
            COUNTERS.add(0, id, 1, 100);
        }

        @Actor
        public void other() {
            COUNTERS.add(1, id, 1, 200);
        }

        @Arbiter
        public void after(JJ_Result r) {
            r.r1 = packets();
            r.r2 = COUNTERS.bytes(id) - bytesBefore;
        }
    }

    /** Results: two readings by another thread or process. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1", "1, 1"},
            expect = ACCEPTABLE,
            desc = "Before or after, in this order.")
    @Outcome(expect = FORBIDDEN, desc = "A counter went back, or was read torn.")
    @State
    public static class WorkerReader extends Counter {
        @Actor
        public void worker() {
            COUNTERS.add(0, id, 1, 100);
        }

        @Actor
        public void reader(JJ_Result r) {
            r.r1 = packets();
            r.r2 = packets();
        }
    }
}
