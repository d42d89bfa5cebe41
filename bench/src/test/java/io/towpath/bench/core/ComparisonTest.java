package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.towpath.bench.Spread;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ComparisonTest {
    private static Comparison of(Map<Contender, double[]> samples) {
        return new Comparison(CorePath.HIT, 1024, samples, 0);
    }

    /** Both take twice as long in the second round: the machine was busy, and the ratio does not change. */
    @Test
    void shouldTakeRatiosOfTheSameRound() {
        Comparison comparison = of(Map.of(
                Contender.TOWPATH, new double[] {50, 100, 60},
                Contender.EBPF, new double[] {100, 200, 100}));

        assertEquals(new Spread(0.5, 0.5, 0.6), comparison.ratio(Contender.EBPF));
    }

    @Test
    void shouldHaveNoRatioToAPeerThatDidNotTakePart() {
        Comparison comparison = of(Map.of(Contender.TOWPATH, new double[] {50}));

        assertNull(comparison.ns(Contender.EBPF));
        assertNull(comparison.ratio(Contender.EBPF));
        assertNull(comparison.fasterC());
        assertNull(comparison.ratio(comparison.fasterC()));
    }

    @Test
    void shouldHaveNoRatioToAPeerWhoseTimeIsNotAboveItsBase() {
        Comparison comparison = of(Map.of(
                Contender.TOWPATH, new double[] {50, 50},
                Contender.EBPF, new double[] {3, 0}));

        assertNull(comparison.ratio(Contender.EBPF));
    }

    @Test
    void shouldCompareWithTheFasterFormOfC() {
        assertEquals(
                Contender.C_PLAIN,
                of(Map.of(
                                Contender.C_EARLY, new double[] {13, 13, 1},
                                Contender.C_PLAIN, new double[] {12, 12, 40}))
                        .fasterC());
        assertEquals(
                Contender.C_EARLY,
                of(Map.of(Contender.C_EARLY, new double[] {13})).fasterC());
        assertEquals(
                Contender.C_PLAIN,
                of(Map.of(Contender.C_PLAIN, new double[] {13})).fasterC());
    }

    @Test
    void shouldRefuseContendersWithDifferentNumbersOfRounds() {
        Map<Contender, double[]> samples =
                Map.of(Contender.TOWPATH, new double[] {1, 2}, Contender.EBPF, new double[] {1});

        assertThrows(IllegalArgumentException.class, () -> of(samples));
    }

    @Test
    void shouldTellItsMediansInOneLine() {
        Comparison comparison =
                of(Map.of(Contender.TOWPATH, new double[] {50, 61}, Contender.EBPF, new double[] {100, 100}));

        assertEquals("hit, 1,024 flows, ns a packet: towpath 55.5; eBPF 100.0", comparison.toString());
    }
}
