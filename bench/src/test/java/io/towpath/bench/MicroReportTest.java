package io.towpath.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MicroReportTest {
    private static final Machine MACHINE = new Machine("a processor", 2, "6.1", "25", "0.1 to 1.9", "2026-11-25");

    private static MicroFigure figure(String benchmark, Map<String, String> params, double ns, double bytes) {
        return new MicroFigure(benchmark, params, new Spread(ns, ns - 1, ns + 1), bytes);
    }

    @Test
    void shouldHaveAColumnForEachNumberOfFlowsAndALineForEachOtherParameter() {
        List<MicroFigure> figures = List.of(
                figure("io.towpath.maps.MapsBenchmark.hit", Map.of("flows", "1", "map", "OURS"), 10, 0),
                figure("io.towpath.maps.MapsBenchmark.hit", Map.of("flows", "65536", "map", "OURS"), 2000, 0),
                figure("io.towpath.maps.MapsBenchmark.hit", Map.of("flows", "65536", "map", "THEIRS"), 30, 24));

        assertEquals(
                List.of(
                        "| flows            | 1                  | 65,536                 | B  |",
                        "|---|---|---|---|",
                        "| Maps hit, OURS   | 10.0 (9.0 to 11.0) | 2,000 (1,999 to 2,001) | 0  |",
                        "| Maps hit, THEIRS |                    | 30.0 (29.0 to 31.0)    | 24 |",
                        ""),
                new MicroReport(figures, MACHINE).lines().subList(0, 5));
    }

    @Test
    void shouldTellFewBytesFromNone() {
        List<MicroFigure> figures = List.of(
                figure("p.SomeBenchmark.none", Map.of(), 5, 0), figure("p.SomeBenchmark.few", Map.of(), 5, 0.004));

        List<String> lines = new MicroReport(figures, MACHINE).lines();

        assertEquals("| Some none | 5.0 (4.0 to 6.0) | 0     |", lines.get(2));
        assertEquals("| Some few  | 5.0 (4.0 to 6.0) | 0.004 |", lines.get(3));
    }

    @Test
    void shouldSayWhatElseTheJvmHasSeenButNotThatItIsNothing() {
        MicroFigure clean = figure("p.SomeBenchmark.run", Map.of("alsoSeen", AlsoSeen.NOTHING.name()), 5, 0);
        MicroFigure polluted = figure("p.SomeBenchmark.run", Map.of("alsoSeen", AlsoSeen.OTHER_SEGMENTS.name()), 5, 0);

        assertEquals("Some run", clean.row());
        assertEquals("Some run, OTHER_SEGMENTS", polluted.row());
    }

    @Test
    void shouldSayWhereTheFiguresComeFrom() {
        List<String> lines = new MicroReport(List.of(), MACHINE).lines();

        assertEquals("a processor, 2 cores, kernel 6.1, JDK 25, load 0.1 to 1.9, 2026-11-25", lines.getLast());
    }
}
