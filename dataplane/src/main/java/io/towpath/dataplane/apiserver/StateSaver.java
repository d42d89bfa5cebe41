package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ClusterObject;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Writes the last state to disk now and then, on a thread of its own. Called by the control thread, whose records are immutable, so that a
 * copy of the list is all it has to make.
 */
final class StateSaver implements AutoCloseable {
    private static final long INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);
    /** Writing takes 1/50 of one core's time at most. */
    private static final int REST_FACTOR = 50;

    private static final long CLOSE_LIMIT_S = 5;

    private final StateFile file;
    private final String server;
    private final Consumer<String> log;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("state-saver").daemon().factory());

    private boolean isDirty;
    private long notBeforeNs;
    private volatile long restNs;
    private volatile boolean isBusy;
    private volatile boolean hasFailed;

    StateSaver(StateFile file, String server, Consumer<String> log, long nowNs) {
        this.notBeforeNs = nowNs;
        this.file = file;
        this.server = server;
        this.log = log;
    }

    void changed() {
        isDirty = true;
    }

    /** Starts to write if there is something new and the last time is long enough ago. */
    void poll(long nowNs, Collection<ClusterObject> objects) {
        if (!isDirty || isBusy || nowNs - notBeforeNs - restNs < 0) {
            return;
        }
        isDirty = false;
        isBusy = true;
        notBeforeNs = nowNs + INTERVAL_NS;
        List<ClusterObject> copy = List.copyOf(objects);
        thread.execute(() -> write(copy));
    }

    private void write(List<ClusterObject> objects) {
        long startNs = System.nanoTime();
        try {
            file.write(SavedState.of(server, System.currentTimeMillis(), objects));
            hasFailed = false;
        } catch (IOException | RuntimeException e) {
            if (!hasFailed) {
                log.accept("warning: " + file.path() + ": the state for a restart without the API server is not kept: "
                        + e);
            }
            hasFailed = true;
        } finally {
            restNs = (System.nanoTime() - startNs) * REST_FACTOR;
            isBusy = false;
        }
    }

    /** Writes what is new, then ends the thread. */
    void close(Collection<ClusterObject> objects) {
        if (isDirty) {
            List<ClusterObject> copy = List.copyOf(objects);
            thread.execute(() -> write(copy));
        }
        close();
    }

    @Override
    public void close() {
        thread.shutdown();
        try {
            thread.awaitTermination(CLOSE_LIMIT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
