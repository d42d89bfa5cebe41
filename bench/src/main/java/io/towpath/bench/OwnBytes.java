package io.towpath.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Bytes an operation that the measuring threads themselves allocate, to the byte: {@code -prof io.towpath.bench.OwnBytes}. JMH's {@code gc}
 * counts all threads of the JVM, so it also tells what JMH's own allocate and is never 0.
 *
 * <p>{@link NanosecondBenchmark} adds what its thread allocated in an iteration; JMH's thread takes the sum. Before the last look JMH has the
 * measuring thread wait for its main thread. Where it really has to, that is some hundred bytes, whatever was measured: iterations with exactly
 * 0 and such with 100 are of the same code.
 */
public final class OwnBytes implements InternalProfiler {
    /** Label of the result. */
    public static final String LABEL = "own.alloc.norm";

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final LongAdder SUM = new LongAdder();

    /** Returns what the calling thread has allocated so far. */
    static long ofThisThread() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    /** A measuring thread at an iteration's end. */
    static void add(long bytes) {
        SUM.add(bytes);
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        SUM.reset();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double perOperation =
                (double) SUM.sum() / Math.max(1, result.getMetadata().getAllOps());
        return List.of(new ScalarResult(LABEL, perOperation, "B/op", AggregationPolicy.AVG));
    }

    @Override
    public String getDescription() {
        return "Bytes that the measuring threads themselves allocate";
    }
}
