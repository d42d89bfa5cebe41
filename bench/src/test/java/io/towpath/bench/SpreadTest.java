package io.towpath.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class SpreadTest {
    @Test
    void shouldFindMedianOfAnOddCount() {
        assertEquals(new Spread(3, 1, 100), Spread.of(100, 1, 3));
    }

    @Test
    void shouldTakeMeanOfMiddleTwoOfAnEvenCount() {
        assertEquals(new Spread(2.5, 1, 4), Spread.of(4, 1, 3, 2));
    }

    @Test
    void shouldLeaveTheValuesAsTheyAre() {
        double[] values = {2, 1};

        Spread.of(values);

        assertEquals(2, values[0]);
    }

    @Test
    void shouldRefuseNoValues() {
        assertThrows(IllegalArgumentException.class, Spread::of);
    }
}
