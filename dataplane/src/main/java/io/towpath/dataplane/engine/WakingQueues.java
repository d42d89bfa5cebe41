package io.towpath.dataplane.engine;

import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jctools.queues.varhandle.SpscVarHandleArrayQueue;

/** Bounded queues between threads that wake the consumer at each offer; for what is rare. */
final class WakingQueues {
    private WakingQueues() {}

    static final class OneProducer<E> extends SpscVarHandleArrayQueue<E> {
        private final Runnable wake;

        OneProducer(int capacity, Runnable wake) {
            super(capacity);
            this.wake = wake;
        }

        @Override
        public boolean offer(E element) {
            boolean isTaken = super.offer(element);
            wake.run();
            return isTaken;
        }
    }

    static final class ManyProducers<E> extends MpscVarHandleArrayQueue<E> {
        private final Runnable wake;

        ManyProducers(int capacity, Runnable wake) {
            super(capacity);
            this.wake = wake;
        }

        @Override
        public boolean offer(E element) {
            boolean isTaken = super.offer(element);
            wake.run();
            return isTaken;
        }
    }
}
