package io.towpath.dataplane.demo;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;

/**
 * Undoes what was done, last first and exactly once: at the end, after an error, or when the process is told to stop. A
 * step and the registration of its undoing are one action under a lock, so that a signal never falls between them.
 */
public final class Cleanup implements AutoCloseable {
    /** Undoes one step. */
    @FunctionalInterface
    public interface Undo {
        void run() throws Exception;
    }

    private final Deque<Undo> undos = new ArrayDeque<>();
    private final Thread hook = new Thread(this::undoAll, "cleanup");
    private boolean isClosed;

    public Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Registers {@code undo}, then does {@code step}: what a failed step left behind is undone too. */
    public synchronized <T> T acquire(Callable<T> step, Undo undo) throws Exception {
        if (isClosed) {
            throw new IllegalStateException("already cleaned up");
        }
        undos.push(undo);

        return step.call();
    }

    /** Has something closed at the end. */
    public synchronized <T extends AutoCloseable> T closeLater(T resource) throws Exception {
        if (isClosed) {
            resource.close();
            throw new IllegalStateException("already cleaned up");
        }
        undos.push(resource::close);

        return resource;
    }

    /** Whether the undoing has begun; from then on failures of other steps mean nothing. */
    public synchronized boolean isClosed() {
        return isClosed;
    }

    @Override
    public void close() {
        undoAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the hook has run or waits for this.
        }
    }

    private synchronized void undoAll() {
        isClosed = true;
        while (!undos.isEmpty()) {
            try {
                undos.pop().run();
            } catch (Exception e) {
                System.err.println("towpath: clean-up: " + e.getMessage());
            }
        }
    }
}
