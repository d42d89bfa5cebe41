package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NetRunTest {
    private static NetRun.Plan plan(Way... ways) {
        return new NetRun.Plan(List.of(ways), List.of(Load.values()), List.of(1_000), 1, 1, 1);
    }

    @Test
    void shouldSweepTheFirstEngineAndTheKernelsServices() {
        NetRun.Plan plan = plan(Way.URING, Way.RW, Way.NFTABLES, Way.IPTABLES, Way.ROUTER);

        assertEquals(List.of(Way.URING, Way.NFTABLES, Way.IPTABLES), plan.sweepWays(10_000));
        assertEquals(List.of(Way.URING, Way.NFTABLES), plan.sweepWays(100_000));
        assertEquals(List.of(Way.RW), plan(Way.RW, Way.VETH).sweepWays(1_000));
    }

    @Test
    void shouldMeasureOnlyWhatIsSweptOnIptables() {
        NetRun.Plan plan = plan(Way.values());

        assertTrue(plan.has(Load.CONN, Way.IPTABLES));
        assertFalse(plan.has(Load.TCP8, Way.IPTABLES));
        assertTrue(plan.has(Load.TCP8, Way.NFTABLES));
    }

    @Test
    void shouldCountDatagrams() {
        Sampler.Datagrams datagrams = new Sampler.Datagrams(400_000, 300_000, 1.5, 3);

        assertEquals(200, datagrams.kiloPerSecond());
        assertEquals(25, datagrams.lossPercent());
        assertEquals(10, datagrams.cpuPerMillion());
        assertEquals(0, new Sampler.Datagrams(1, 1, 0, 0).kiloPerSecond());
    }
}
