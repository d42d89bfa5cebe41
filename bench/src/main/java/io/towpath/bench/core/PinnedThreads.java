package io.towpath.bench.core;

import io.towpath.packet.Burst;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Threads that each have a core, and samples of what they do at once. A worker's time counts only while all the others are at work, too:
 * where another program has one of the cores, the workers on the others have the memory for themselves, and would look faster.
 */
final class PinnedThreads implements AutoCloseable {
    /** Chunks that each worker needs for a sample. */
    private static final int CHUNKS_MIN = 64;
    /** Passes of a sample at most. */
    private static final int PASSES = 100;
    /** Of a chunk's bursts, each other worker must have done so many meanwhile. */
    private static final int OVERLAP_BURSTS = Chunks.CHUNK / Burst.LIMIT / 4;
    /** Longs between the counts of two workers: adjacent lines are fetched in pairs. */
    private static final int STRIDE = 16;

    private final List<ExecutorService> threads = new ArrayList<>();
    private final AtomicLongArray bursts;

    /** Thread n is bound to core n. */
    PinnedThreads(int count) {
        bursts = new AtomicLongArray((count + 1) * STRIDE);
        for (int core = 0; core < count; core++) {
            int own = core;
            threads.add(Executors.newSingleThreadExecutor());
            get(run(core, () -> Affinity.pin(own)));
        }
    }

    /** Has each load done by a thread of its own at the same time. Returns packets a nanosecond, all together. */
    double sample(List<ScaleLoad> loads, long passNs) {
        List<Chunks> chunks = loads.stream().map(_ -> new Chunks()).toList();
        for (int pass = 0; chunks.stream().anyMatch(each -> each.count() < CHUNKS_MIN); pass++) {
            if (pass == PASSES) {
                throw new IllegalStateException(loads.size() + " cores were never free at the same time");
            }
            pass(loads, chunks, passNs);
        }
        return chunks.stream().mapToDouble(each -> 1 / each.median()).sum();
    }

    private void pass(List<ScaleLoad> loads, List<Chunks> chunks, long passNs) {
        AtomicInteger missing = new AtomicInteger(loads.size());
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < loads.size(); i++) {
            int number = i;
            running.add(run(i, () -> pass(number, loads, chunks.get(number), missing, passNs)));
        }
        running.forEach(PinnedThreads::get);
        for (int i = 0; i < loads.size(); i++) {
            ScaleLoad load = loads.get(i);
            get(run(i, load::reset));
        }
    }

    private void pass(int number, List<ScaleLoad> loads, Chunks chunks, AtomicInteger missing, long passNs) {
        ScaleLoad load = loads.get(number);
        long[] others = new long[loads.size()];
        load.begin();
        missing.decrementAndGet();
        while (missing.get() > 0) {
            Thread.onSpinWait();
        }
        boolean _ = othersWorked(number, others); // from here on
        long endNs = System.nanoTime() + passNs;
        while (System.nanoTime() < endNs && !load.isOver()) {
            long ns = 0;
            for (int packets = 0; packets < Chunks.CHUNK; packets += Burst.LIMIT) {
                ns += load.burst();
                bursts.lazySet((number + 1) * STRIDE, bursts.getPlain((number + 1) * STRIDE) + 1);
            }
            if (othersWorked(number, others)) {
                chunks.add(ns, Chunks.CHUNK);
            }
        }
        load.end();
    }

    /** @param seen bursts of each worker up to the last call, which is brought up to date */
    private boolean othersWorked(int number, long[] seen) {
        boolean all = true;
        for (int other = 0; other < seen.length; other++) {
            long now = bursts.getOpaque((other + 1) * STRIDE);
            all &= other == number || now - seen[other] >= OVERLAP_BURSTS;
            seen[other] = now;
        }
        return all;
    }

    private Future<?> run(int thread, Runnable task) {
        return threads.get(thread).submit(task);
    }

    private static void get(Future<?> future) {
        try {
            Object _ = future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
    }
}
