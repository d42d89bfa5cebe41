package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.bench.Spread;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

final class NetResultsTest {
    private final NetResults results = new NetResults();

    private void add(NetCase what, int services, Way way, double... rounds) {
        for (int round = 0; round < rounds.length; round++) {
            results.add(services, way, round, Map.of(what, rounds[round]));
        }
    }

    @Test
    void shouldDivideMedians() {
        add(NetCase.UDP64, 10, Way.URING, 300, 100, 200);
        add(NetCase.UDP64, 10, Way.NFTABLES, 160, 150, 170);

        assertEquals(OptionalDouble.of(200), results.median(NetCase.UDP64, 10, Way.URING));
        assertEquals(OptionalDouble.of(1.25), results.ratio(NetCase.UDP64, 10, Way.URING));
        assertEquals(new Spread(200.0 / 170, 100.0 / 150, 300.0 / 160), results.ratios(NetCase.UDP64, 10, Way.URING));
    }

    @Test
    void shouldPairOnlyRoundsThatBothHave() {
        results.add(10, Way.RW, 1, Map.of(NetCase.CONN, 9_000.0));
        results.add(10, Way.NFTABLES, 0, Map.of(NetCase.CONN, 1_000.0));
        results.add(10, Way.NFTABLES, 1, Map.of(NetCase.CONN, 10_000.0));

        assertEquals(new Spread(0.9, 0.9, 0.9), results.ratios(NetCase.CONN, 10, Way.RW));
    }

    @Test
    void shouldHaveNoRatioOfLossOrOfNothing() {
        add(NetCase.UDP64_LOSS, 10, Way.RW, 3);
        add(NetCase.UDP64_LOSS, 10, Way.NFTABLES, 1);
        add(NetCase.CONN, 10, Way.RW, 3);
        add(NetCase.TCP1, 10, Way.RW, 3);
        add(NetCase.TCP1, 10, Way.NFTABLES, 0);

        for (NetCase what : List.of(NetCase.UDP64_LOSS, NetCase.CONN, NetCase.TCP1)) {
            assertEquals(OptionalDouble.empty(), results.ratio(what, 10, Way.RW), what.label);
            assertNull(results.ratios(what, 10, Way.RW), what.label);
        }
        assertEquals(OptionalDouble.empty(), results.median(NetCase.CONN, 10, Way.NFTABLES));
    }

    @Test
    void shouldOrderRowsByServicesThenCase() {
        add(NetCase.CONN, 1_000, Way.RW, 1);
        add(NetCase.CONN, 10, Way.VETH, 1);
        add(NetCase.TCP1, 10, Way.RW, 1);

        assertEquals(
                List.of(
                        new NetResults.Row(NetCase.TCP1, 10),
                        new NetResults.Row(NetCase.CONN, 10),
                        new NetResults.Row(NetCase.CONN, 1_000)),
                results.rows());
        assertEquals(List.of(Way.RW, Way.VETH), results.ways());
    }
}
