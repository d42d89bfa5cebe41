package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.bench.Machine;
import io.towpath.dataplane.demo.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PauseReportTest {
    private static final Machine MACHINE =
            new Machine("Some CPU", 2, "6.1.0", "25.0.1+8", "0.10 to 1.20", "2026-01-02T03:04:05Z");

    private static PauseReport report() {
        PauseRow loop = new PauseRow("C loop");
        loop.gaps.addLine("5000:199999 120000:1");
        PauseRow worker = new PauseRow("worker, SERIAL");
        worker.addWorker("85.5 104857600 1 30 5000:199990 105104:10");
        worker.addWorker("86.5 209715200 2 15 5000:199999 2000000:1");
        return new PauseReport(List.of(loop, worker), MACHINE);
    }

    @Test
    void shouldShowTheSlicesOfEachProgramTogether() {
        List<String> lines = report().lines();

        assertEquals(
                List.of(
                        "  cycle, us       p50  p99  p99.9  p99.99  longest  over 100 us, a second  over 1 ms",
                        "  C loop          5.0  5.0    5.0     5.0    120.1                   1.00       0.00",
                        "  worker, SERIAL  5.0  5.0    5.0     5.0   2000.9                   5.49       0.50"),
                lines.subList(0, 3));
        assertEquals(
                "  worker, SERIAL  86.0 (85.5 to 86.5)            200            3              15.0", lines.get(5));
    }

    @Test
    void shouldWriteNullForWhatTheLoopDoesNotHave() throws Exception {
        List<Map<String, Object>> rows = Json.objects(Json.parse(report().json()), "rows");

        assertNull(rows.getFirst().get("ns_per_packet"));
        assertEquals(86.0, rows.getLast().get("ns_per_packet"));
        assertEquals(3, rows.getLast().get("collections"));
        assertEquals(45, rows.getLast().get("stopped_ms"));
    }
}
