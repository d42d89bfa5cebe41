package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FlowsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1024, 65_536})
    void shouldGiveEachFlowOnceAPeriod(int count) {
        Flows flows = new Flows(count);
        BitSet seen = new BitSet();

        IntStream.range(0, count).forEach(i -> seen.set(flows.next()));

        assertEquals(count, seen.cardinality());
        assertEquals(count, seen.length());
    }

    @Test
    void shouldReachAllFlowsWhereTheirNumberIsNoPowerOfTwo() {
        Flows flows = new Flows(10_000);
        BitSet seen = new BitSet();

        IntStream.range(0, 16_384).forEach(i -> seen.set(flows.next()));

        assertEquals(10_000, seen.cardinality());
        assertEquals(10_000, seen.length());
    }

    @Test
    void shouldNotGoFromAFlowToItsNeighbor() {
        Flows flows = new Flows(65_536);
        int near = 0;
        int last = flows.next();
        for (int i = 0; i < 10_000; i++) {
            int next = flows.next();
            near += Math.abs(next - last) < 16 ? 1 : 0;
            last = next;
        }

        assertTrue(near < 50, near + " of 10,000 steps are short");
    }

    @Test
    void shouldGiveEachFlowItsOwnClient() {
        assertEquals(Flows.clientLo(true, 4095), Flows.clientLo(true, 0));
        assertEquals(Flows.clientLo(true, 0) + 1, Flows.clientLo(true, 4096));
        assertEquals(1024 + 4095, Flows.clientPort(4095));
        assertEquals(1024, Flows.clientPort(4096));
    }
}
