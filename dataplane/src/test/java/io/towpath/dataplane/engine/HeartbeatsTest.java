package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.maps.AnonymousMapStore;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class HeartbeatsTest {
    private static final long START_NS = 1_000_000_000_000L;

    @Test
    void shouldNameAWorkerThatHangsOrNeverRan() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            Heartbeats heartbeats = Heartbeats.resume(store, 2);
            assertEquals(Optional.empty(), heartbeats.fault(START_NS), "none is to run yet");

            heartbeats.expect(START_NS);
            long nowNs = START_NS + Heartbeats.LATE_NS;
            assertEquals(Optional.empty(), heartbeats.fault(nowNs), "they may still start");

            heartbeats.beat(0, nowNs);
            assertEquals(Optional.of("worker 1 has begun no cycle for 10 s"), heartbeats.fault(nowNs + 1));
            heartbeats.beat(1, nowNs + 1);
            assertEquals(Optional.empty(), heartbeats.fault(nowNs + 1));
            assertEquals(
                    Optional.of("worker 0 has begun no cycle for 12 s"), heartbeats.fault(nowNs + 12_000_000_000L));
        }
    }
}
