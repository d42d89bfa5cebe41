package io.towpath.dataplane.lab;

import io.towpath.linux.EventFd;
import io.towpath.linux.Poll;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** What it takes this machine to wake a thread that waits as a worker does, from the signal until the thread runs. */
final class WakeUps implements AutoCloseable {
    private final EventFd event = new EventFd();
    private final Poll poll = new Poll(event.number());
    private volatile long wokenNs;
    private volatile boolean ended;
    private final Thread sleeper;

    WakeUps() {
        sleeper = Thread.ofPlatform().start(this::sleep);
    }

    private void sleep() {
        while (!ended) {
            poll.await(-1);
            long nowNs = System.nanoTime();
            event.drain(); // first: the next signal may come as soon as this one is told of
            wokenNs = nowNs;
        }
    }

    /** Returns how long each took, sorted, ns. */
    long[] measure(int count, long pauseUs) throws InterruptedException {
        long[] tookNs = new long[count];
        for (int i = 0; i < count; i++) {
            TimeUnit.MICROSECONDS.sleep(pauseUs);
            wokenNs = 0;
            long startNs = System.nanoTime();
            event.signal();
            while (wokenNs == 0) {
                Thread.onSpinWait();
            }
            tookNs[i] = wokenNs - startNs;
        }
        Arrays.sort(tookNs);
        return tookNs;
    }

    @Override
    public void close() {
        ended = true;
        event.signal();
        try {
            sleeper.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        poll.close();
        event.close();
    }
}
