package io.towpath.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How all benchmarks are run where the command line says nothing else: one thread, nanoseconds an operation, short. Each tells what its own
 * thread allocates ({@link OwnBytes}).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 2, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public abstract class NanosecondBenchmark {
    private long bytesBefore;

    @Setup(Level.Iteration)
    public final void beginOwnBytes() {
        bytesBefore = OwnBytes.ofThisThread();
    }

    @TearDown(Level.Iteration)
    public final void endOwnBytes() {
        OwnBytes.add(OwnBytes.ofThisThread() - bytesBefore);
    }
}
