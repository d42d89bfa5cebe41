package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.bench.Machine;
import io.towpath.dataplane.demo.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CoreReportTest {
    private static final Machine MACHINE =
            new Machine("Some CPU", 2, "6.1.0", "25.0.1+8", "0.10 to 1.20", "2026-01-02T03:04:05Z");

    private static final Comparison HIT = new Comparison(
            CorePath.HIT,
            65_536,
            Map.of(
                    Contender.TOWPATH, new double[] {50, 60, 70},
                    Contender.EBPF, new double[] {200, 240, 140},
                    Contender.C_EARLY, new double[] {40, 40, 40},
                    Contender.C_PLAIN, new double[] {100, 101, 99}),
            0);

    private static final Comparison HIT_V6 = new Comparison(
            CorePath.HIT_V6, 1, Map.of(Contender.TOWPATH, new double[] {51.23456, 51.23456, 51.23456}), 0);

    private static CoreReport report(Comparison... comparisons) {
        return new CoreReport(List.of(comparisons), MACHINE);
    }

    @Test
    void shouldAlignTheTable() {
        List<String> lines = report(HIT, HIT_V6).lines();

        assertEquals(
                List.of(
                        "  path     flows              towpath                    eBPF       C, early loads"
                                + "          C, one by one               / eBPF                  / C",
                        "  hit     65,536  60.0 (50.0 to 70.0)  200.0 (140.0 to 240.0)  40.0 (40.0 to 40.0)"
                                + "  100.0 (99.0 to 101.0)  0.25 (0.25 to 0.50)  1.50 (1.25 to 1.75)",
                        "  hit-v6       1  51.2 (51.2 to 51.2)                       -                    -"
                                + "                      -                    -                    -"),
                lines.subList(0, 3));
        assertEquals(
                "Some CPU, 2 cores, kernel 6.1.0, JDK 25.0.1+8, load 0.10 to 1.20, 2026-01-02T03:04:05Z",
                lines.getLast());
    }

    @Test
    void shouldShowPinnedMapsOnlyWhereTheyWereMeasured() throws Exception {
        Comparison pinned = new Comparison(
                CorePath.REPLY,
                1,
                Map.of(Contender.TOWPATH, new double[] {50}, Contender.TOWPATH_PINNED, new double[] {55}),
                0);

        assertFalse(report(HIT).lines().getFirst().contains("pinned"));
        assertTrue(report(HIT, pinned).lines().getFirst().contains("pinned"));
        assertFalse(report(HIT).json().contains("pinned"));
        assertEquals(55.0, row(report(pinned), 0).get("towpath_pinned_ns"));
    }

    @Test
    void shouldWriteMediansAndRatiosAsJson() throws Exception {
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("path", "hit");
        expected.put("flows", 65_536);
        expected.put("towpath_ns", 60.0);
        expected.put("ebpf_ns", 200.0);
        expected.put("c_ns", 40.0);
        expected.put("ratio_ebpf", 0.25);
        expected.put("ratio_c", 1.5);

        assertEquals(expected, row(report(HIT), 0));
    }

    @Test
    void shouldWriteNullForWhatWasNotMeasured() throws Exception {
        Map<String, Object> row = row(report(HIT, HIT_V6), 1);

        assertEquals(51.235, row.get("towpath_ns"));
        for (String name : List.of("ebpf_ns", "c_ns", "ratio_ebpf", "ratio_c")) {
            assertTrue(row.containsKey(name), name);
            assertEquals(null, row.get(name), name);
        }
    }

    @Test
    void shouldSayWhatManyConnectionsTakeOfMemory() throws Exception {
        Map<Contender, double[]> samples = Map.of(Contender.TOWPATH, new double[] {50});
        CoreReport report = report(
                new Comparison(CorePath.HIT, 10_000_000, samples, 1_610_612_736L),
                new Comparison(CorePath.HIT, 1024, samples, 50_000_000L));
        List<String> lines = report.lines();

        assertEquals(
                List.of(
                        "hit, 10,000,000 flows: 1.50 GiB resident, 161 bytes a connection, all maps and frames included"),
                lines.subList(lines.size() - 2, lines.size() - 1));
        assertEquals(1_610_612_736, row(report, 0).get("towpath_resident_bytes"));
    }

    @Test
    void shouldNameTheMachineInJson() throws Exception {
        assertEquals(
                Map.of(
                        "cpu", "Some CPU",
                        "cores", 2,
                        "kernel", "6.1.0",
                        "jdk", "25.0.1+8",
                        "load", "0.10 to 1.20",
                        "date", "2026-01-02T03:04:05Z"),
                Json.parse(report(HIT).json()).get("machine"));
    }

    private static Map<String, Object> row(CoreReport report, int number) throws Exception {
        return Json.objects(Json.parse(report.json()), "rows").get(number);
    }
}
