package io.towpath.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.IterationResultMetaData;
import org.openjdk.jmh.results.Result;

class OwnBytesTest {
    private static final int OPERATIONS = 8;
    /** Header and length of an array. */
    private static final int ARRAY_HEADER = 16;

    private final OwnBytes profiler = new OwnBytes();
    private byte[] kept;

    private static final class Measured extends NanosecondBenchmark {}

    private double bytesOfAnIteration(Runnable work) {
        Measured benchmark = new Measured();
        profiler.beforeIteration(null, null);
        benchmark.beginOwnBytes();
        work.run();
        benchmark.endOwnBytes();
        IterationResult result = new IterationResult(null, null, new IterationResultMetaData(OPERATIONS, OPERATIONS));
        List<? extends Result<?>> results = List.copyOf(profiler.afterIteration(null, null, result));
        return results.getFirst().getScore();
    }

    @Test
    void shouldCountEveryByteOfTheMeasuringThread() {
        Runnable work = () -> kept = new byte[1000];
        bytesOfAnIteration(work); // whatever is made once

        assertEquals((1000.0 + ARRAY_HEADER) / OPERATIONS, bytesOfAnIteration(work));
        assertEquals(1000, kept.length);
    }

    @Test
    void shouldCountNothingOfAnotherThreadNorOfAnotherIteration() {
        Runnable nothing = () -> {};
        bytesOfAnIteration(() -> kept = new byte[1000]);

        assertEquals(0, bytesOfAnIteration(nothing));
    }
}
