package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WakingQueuesTest {
    private final AtomicInteger calls = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldWakeTheConsumerOnceTheElementIsThere(boolean oneProducer) {
        Queue<String> queue = oneProducer
                ? new WakingQueues.OneProducer<>(4, calls::incrementAndGet)
                : new WakingQueues.ManyProducers<>(4, calls::incrementAndGet);
        for (int i = 0; i < 4; i++) {
            assertTrue(queue.offer("element"));
        }
        assertEquals(4, calls.get());

        assertFalse(queue.offer("one too many"));
        assertEquals("element", queue.poll());
    }
}
