package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class WeightedOrderTest {
    @Test
    void shouldInterleaveByWeight() {
        assertArrayEquals(new int[] {0, 0, 1, 0, 1, 2}, WeightedOrder.of(new int[] {3, 2, 1}));
        assertArrayEquals(new int[] {0, 1}, WeightedOrder.of(new int[] {40, 40}));
    }

    @Test
    void shouldBoundARoundAndServeEveryone() {
        int[] weights = new int[1000];
        Arrays.fill(weights, 65_535);
        weights[7] = 1;

        int[] order = WeightedOrder.of(weights);

        assertTrue(order.length <= WeightedOrder.LENGTH_LIMIT + weights.length, "length " + order.length);
        assertEquals(1, Arrays.stream(order).filter(i -> i == 7).count());
        assertEquals(1000, Arrays.stream(order).distinct().count());
    }
}
