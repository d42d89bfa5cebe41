package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class ReceiveBudgetTest {
    private static final int BUFFERS = 256;
    private static final int BURST = 64;

    private final ReceiveBudget budget = new ReceiveBudget(BUFFERS);

    private void receive(int frames, int bytes) {
        for (int i = 0; i < frames; i++) {
            budget.received(bytes);
        }
    }

    @Test
    void shouldFillAllBuffersBeforeAnythingIsKnown() {
        assertEquals(BUFFERS, budget.buffers());
    }

    @Test
    void shouldFillAllBuffersWithPacketsOfAnEthernet() {
        receive(1_000, 1_524);

        assertEquals(BUFFERS, budget.buffers());
    }

    @Test
    void shouldKeepSuperFramesWithinTheCacheWithinABurst() {
        receive(BURST, 65_536);

        assertEquals(ReceiveBudget.BUFFERS_MIN, budget.buffers());
    }

    @Test
    void shouldFillAllBuffersAgainABurstAfterSuperFrames() {
        receive(1_000, 65_536);
        receive(BURST, 64);

        assertEquals(BUFFERS, budget.buffers());
    }

    @Test
    void shouldFillHalfAsManyWithFramesOfTwiceTheSize() {
        receive(1_000, 16_384);
        int many = budget.buffers();
        receive(1_000, 32_768);

        assertEquals(32, budget.buffers());
        assertEquals(2, many / budget.buffers());
    }
}
