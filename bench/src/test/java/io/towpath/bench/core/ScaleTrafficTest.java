package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is measured over several workers is what the name of the mode says; here one thread does the workers' work in turn. */
final class ScaleTrafficTest {
    private static final int FLOWS = 100;
    private static final int BURSTS = 20;

    @Test
    void shouldBringPacketsOfBothDirectionsThroughEachWorker() {
        try (ScaleTables tables = new ScaleTables(FLOWS, 2)) {
            long before = tables.packets(Reason.SERVICE);
            long repliesBefore = tables.packets(Reason.SERVICE_REPLY);
            run(tables.crossing());
            run(tables.steered());

            long requests = tables.packets(Reason.SERVICE) - before;
            long replies = tables.packets(Reason.SERVICE_REPLY) - repliesBefore;
            long all = 2L * 2 * BURSTS * Burst.LIMIT;
            assertEquals(all, requests + replies);
            assertEquals(0.5, (double) requests / all, 0.1);
        }
    }

    @Test
    void shouldOpenConnectionsOfEachWorkerAndRemoveThemAgain() {
        try (ScaleTables tables = new ScaleTables(FLOWS, 2)) {
            List<ScaleLoad> opening = tables.opening();
            run(opening);
            opening.forEach(ScaleLoad::reset);

            assertEquals(2L * BURSTS * Burst.LIMIT, tables.expired());
        }
    }

    private static void run(List<ScaleLoad> loads) {
        loads.forEach(ScaleLoad::begin);
        for (int i = 0; i < BURSTS; i++) {
            loads.forEach(ScaleLoad::burst);
        }
        loads.forEach(ScaleLoad::end);
    }
}
