package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class WarmUpRunTest {
    /** Windows of 20 ms from 100 ms on: slow until 500 ms, then 60 ns a packet. */
    private static WarmUpRun run(IntStream disturbed) {
        List<Integer> bad = disturbed.boxed().toList();
        return WarmUpRun.of("40.0 100.0 80 "
                + IntStream.range(0, 100)
                        .mapToObj(i -> 120.0 + 20 * i + ":" + (bad.contains(i) ? 900.0 : i < 20 ? 600.0 : 60.0))
                        .collect(Collectors.joining(" ")));
    }

    @Test
    void shouldBeSteadyFromWhereOnlyTheFinalTimeFollows() {
        WarmUpRun run = run(IntStream.empty());

        assertEquals(60, run.finalNs());
        assertEquals(520, run.steadyMs());
        assertEquals(600, run.nsAt(300));
        assertEquals(60, run.nsAt(1000));
    }

    @Test
    void shouldBeSteadyAllTheSameWhereAnotherProgramTookSomeWindows() {
        assertEquals(520, run(IntStream.of(40, 41, 70)).steadyMs());
    }

    @Test
    void shouldHaveNoTimeBeforeItsFirstPackets() {
        assertEquals(Double.NaN, run(IntStream.empty()).nsAt(50));
    }

    @Test
    void shouldNeverBeSteadyWhereItGetsSlowerInTheEnd() {
        assertEquals(Double.NaN, run(IntStream.range(90, 100)).steadyMs());
    }
}
