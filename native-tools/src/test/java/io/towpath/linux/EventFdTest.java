package io.towpath.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class EventFdTest {
    @Test
    void shouldEndAWaitUntilItIsDrained() {
        try (EventFd quiet = new EventFd();
                EventFd event = new EventFd();
                Poll poll = new Poll(quiet.number(), event.number())) {
            assertEquals(0, poll.await(0));

            event.signal();
            event.signal();

            assertEquals(1, poll.await(-1));
            assertTrue(poll.isReadable(1));
            assertFalse(poll.isReadable(0));
            event.drain();
            assertEquals(0, poll.await(0), "two signals are one");
            event.drain(); // does not block
        }
    }
}
