package io.towpath.dataplane.cli;

import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * How a run ends: by a signal, which is no failure by itself, or on its own. Shared by the main thread and the shutdown hook, which the JVM
 * runs for both.
 */
final class RunEnd {
    private static final long STOP_LIMIT_S = 10;

    private final CountDownLatch signal = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile int exitCode;

    /** Main thread: blocks until the run is to end. */
    void awaitSignal() throws InterruptedException {
        signal.await();
    }

    /** As the other one, but for this long at most. Returns whether the run is to end. */
    boolean awaitSignal(long seconds) throws InterruptedException {
        return signal.await(seconds, TimeUnit.SECONDS);
    }

    boolean isSignalled() {
        return signal.getCount() == 0;
    }

    /** Main thread: everything is closed, or failed to be. */
    void ended(int code) {
        exitCode = code;
        ended.countDown();
    }

    /**
     * Shutdown hook: has the main thread end the run.
     *
     * @return the exit code to halt with, which the JVM would make 128 + the signal's number; empty where it ends with its own
     */
    OptionalInt onShutdown() {
        if (ended.getCount() == 0) {
            return OptionalInt.empty(); // no signal: the program exits after its run
        }
        signal.countDown();
        try {
            return ended.await(STOP_LIMIT_S, TimeUnit.SECONDS) ? OptionalInt.of(exitCode) : OptionalInt.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalInt.empty();
        }
    }
}
