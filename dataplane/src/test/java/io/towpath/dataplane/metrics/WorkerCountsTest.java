package io.towpath.dataplane.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.maps.AnonymousMapStore;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WorkerCountsTest {
    @Test
    void shouldSumTheBurstsAndStallsOfAllWorkersByPowersOfTwo() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            WorkerCounts counts = new WorkerCounts(store, 2);
            for (int frames : List.of(1, 1, 2, 3, 4, 64)) {
                counts.burst(frames % 2, frames);
            }
            counts.stall(0, WorkerCounts.STALL_NS + 1);
            counts.stall(1, 2 * WorkerCounts.STALL_NS);
            counts.stall(1, 2 * WorkerCounts.STALL_NS + 1);
            counts.stall(1, 3_600_000_000_000L);

            Exposition found = Pages.scrape(counts);
            String burst = "towpath_burst_frames_bucket";
            assertEquals(2, found.value(burst, "le=1.0"));
            assertEquals(3, found.value(burst, "le=2.0"));
            assertEquals(5, found.value(burst, "le=4.0"));
            assertEquals(5, found.value(burst, "le=32.0"));
            assertEquals(6, found.value(burst, "le=64.0"));
            assertEquals(75, found.value("towpath_burst_frames_sum", ""));
            String stall = "towpath_worker_stall_seconds_bucket";
            assertEquals(2, found.value(stall, "le=0.008"));
            assertEquals(3, found.value(stall, "le=0.016"));
            assertEquals(3, found.value(stall, "le=8.192"));
            assertEquals(4, found.value(stall, "le=+Inf"));
        }
    }
}
