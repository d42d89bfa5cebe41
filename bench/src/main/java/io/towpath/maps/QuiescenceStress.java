package io.towpath.maps;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A writer unpublishes a record and asks whether every worker passed a quiescent point since. If it is told so, no worker may still see the
 * record, whatever the two do at the same moment. First result: the worker saw the record; second: the writer takes it for reuse.
 */
public final class QuiescenceStress {
    private QuiescenceStress() {}

    /** The shared words: one worker, one record, published by a plain store with the orders that the maps give it. */
    static class Shared {
        final Quiescence quiescence = new Quiescence(1);
        final PublishedWord record = new PublishedWord();

        Shared() {
            record.publishRelease(1);
        }

        void unpublish(ZZ_Result r) {
            record.publishRelease(0);
            r.r2 = quiescence.passed(quiescence.advance());
        }
    }

    /** The worker was not waited for, and comes back just now. */
    @JCStressTest
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "The record is reused while the worker reads it.")
    @Outcome(expect = ACCEPTABLE, desc = "The writer waits, or the worker sees that the record is gone.")
    @State
    public static class Online extends Shared {
        @Actor
        public void worker(ZZ_Result r) {
            quiescence.online(0);
            r.r1 = record.readAcquire() != 0;
        }

        @Actor
        public void writer(ZZ_Result r) {
            unpublish(r);
        }
    }

    /** The worker goes from one burst to the next. */
    @JCStressTest
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "The record is reused while the worker reads it.")
    @Outcome(expect = ACCEPTABLE, desc = "The writer waits, or the worker sees that the record is gone.")
    @State
    public static class NextBurst extends Shared {
        public NextBurst() {
            quiescence.online(0);
        }

        @Actor
        public void worker(ZZ_Result r) {
            quiescence.quiescent(0);
            r.r1 = record.readAcquire() != 0;
        }

        @Actor
        public void writer(ZZ_Result r) {
            unpublish(r);
        }
    }
}
