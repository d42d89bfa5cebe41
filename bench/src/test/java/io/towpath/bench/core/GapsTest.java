package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class GapsTest {
    private final Gaps gaps = new Gaps();

    private void record(int count, long ns) {
        for (int i = 0; i < count; i++) {
            gaps.record(ns);
        }
    }

    @Test
    void shouldCountAsPauseWhatIsLongerThanUsualByTheLimit() {
        record(9_998, 6000);
        gaps.record(100_000); // shorter than usual and 100 us
        gaps.record(200_000);

        assertEquals(6000.0, (double) gaps.usualNs(), 10);
        assertEquals(1 / 0.060288, gaps.pausesPerSecond(100_000), 0.01);
        assertEquals(0, gaps.pausesPerSecond(1_000_000));
        assertEquals(194_000.0, (double) gaps.longestPauseNs(), 200);
    }

    @Test
    void shouldBeTheSameAfterItsLineIsRead() {
        record(3, 25);
        record(2, 70_000);
        gaps.record(5_000_000_000L);

        Gaps read = new Gaps();
        read.addLine(gaps.line());

        assertEquals(gaps.line(), read.line());
        assertEquals(gaps.longestPauseNs(), read.longestPauseNs());
        assertEquals(gaps.pausesPerSecond(1000), read.pausesPerSecond(1000), 0.001);
    }

    @Test
    void shouldAddTheLinesOfSeveralSlices() {
        gaps.addLine("25:1000 90000:1 ");
        gaps.addLine("25:1000 300000:1 ");

        assertEquals(2 * 1e9 / (50_000 + 390_000), gaps.pausesPerSecond(50_000), 1);
    }
}
