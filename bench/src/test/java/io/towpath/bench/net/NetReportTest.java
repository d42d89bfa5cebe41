package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.bench.Machine;
import io.towpath.dataplane.demo.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class NetReportTest {
    private static final Machine MACHINE =
            new Machine("Some CPU", 2, "6.1.0", "25.0.1+8", "0.10 to 1.20", "2026-01-02T03:04:05Z");

    private static NetReport report() {
        NetResults results = new NetResults();
        results.add(10, Way.URING, 0, Map.of(NetCase.UDP64, 300.04, NetCase.UDP64_LOSS, 12.5));
        results.add(10, Way.URING, 1, Map.of(NetCase.UDP64, 400.04, NetCase.UDP64_LOSS, 12.5));
        results.add(10, Way.NFTABLES, 0, Map.of(NetCase.UDP64, 200.0, NetCase.UDP64_LOSS, 0.0));
        results.add(10, Way.NFTABLES, 1, Map.of(NetCase.UDP64, 200.0, NetCase.UDP64_LOSS, 0.0));
        results.add(100_000, Way.URING, 0, Map.of(NetCase.CONN, 11_234.4));
        results.add(10, Way.VETH, 0, Map.of(NetCase.UDP64, 500.0));
        return new NetReport(results, Map.of(Way.NETTY, "not built"), MACHINE);
    }

    @Test
    void shouldAlignTheTable() {
        List<String> lines = report().lines();

        assertEquals(
                List.of(
                        "  case        services  unit   uring           / nftables  nftables  veth",
                        "  udp64             10  kpps     350  1.75 (1.50 to 2.00)       200   500",
                        "  udp64_loss        10  %      12.50                    -      0.00     -",
                        "  conn         100,000  1/s   11,234                    -         -     -"),
                lines.subList(0, 4));
        assertTrue(lines.contains("netty is not available: not built"));
        assertEquals(
                "Some CPU, 2 cores, kernel 6.1.0, JDK 25.0.1+8, load 0.10 to 1.20, 2026-01-02T03:04:05Z",
                lines.getLast());
    }

    @Test
    void shouldWriteARowForEachEngine() throws Exception {
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("case", "udp64");
        expected.put("services", 10);
        expected.put("engine", "uring");
        expected.put("towpath", 350.04);
        expected.put("nftables", 200.0);
        expected.put("ratio", 1.75);
        expected.put("unit", "kpps");
        List<Map<String, Object>> rows = Json.objects(Json.parse(report().json()), "rows");

        assertEquals(expected, rows.getFirst());
        assertEquals(List.copyOf(expected.keySet()), List.copyOf(rows.getFirst().keySet()));
        assertEquals(3, rows.size());
        assertEquals(100_000, rows.getLast().get("services"));
        assertTrue(rows.getLast().containsKey("ratio"));
        assertEquals(null, rows.getLast().get("ratio"));
    }

    @Test
    void shouldWritePeersMachineAndWhatIsAbsent() throws Exception {
        Map<String, Object> json = Json.parse(report().json());

        assertEquals(
                List.of("nftables", "veth", "nftables"),
                Json.objects(json, "peers").stream()
                        .map(peer -> peer.get("peer"))
                        .toList());
        assertEquals(Map.of("netty", "not built"), json.get("absent"));
        assertEquals("0.10 to 1.20", ((Map<?, ?>) json.get("machine")).get("load"));
    }
}
