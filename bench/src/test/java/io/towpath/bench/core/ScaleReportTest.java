package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.bench.Machine;
import io.towpath.dataplane.demo.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ScaleReportTest {
    private static final Machine MACHINE =
            new Machine("Some CPU", 2, "6.1.0", "25.0.1+8", "0.10 to 1.20", "2026-01-02T03:04:05Z");

    /** Packets a nanosecond of all workers; the machine was slower in the second round. */
    private static final double[] ONE = {0.01, 0.005, 0.01};

    private static final double[] TWO = {0.02, 0.009, 0.016};

    @Test
    void shouldCompareTheThroughputOfTheSameRound() throws Exception {
        ScaleRow row = ScaleRow.of(ScaleMode.CROSSING, "hit+reply", 1024, 2, TWO, ONE);
        ScaleReport report = new ScaleReport(List.of(row), MACHINE);

        assertEquals(
                List.of(
                        "  path       mode      flows  workers             ns a packet     times one worker",
                        "  hit+reply  crossing  1,024        2  125.0 (100.0 to 222.2)  1.80 (1.60 to 2.00)"),
                report.lines().subList(0, 2));
        assertEquals(
                Map.of("mode", "crossing", "path", "hit+reply", "flows", 1024, "workers", 2, "ns", 125.0, "ratio", 1.8),
                Json.objects(Json.parse(report.json()), "rows").getFirst());
    }
}
