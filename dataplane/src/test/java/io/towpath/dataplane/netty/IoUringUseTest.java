package io.towpath.dataplane.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class IoUringUseTest {
    private final List<String> log = new ArrayList<>();

    private String refused() {
        return IoUringUse.orElse(
                () -> {
                    throw new IllegalStateException("no event loop", new OutOfMemoryError("locked memory"));
                },
                () -> "substitute",
                log::add);
    }

    @Test
    void shouldMakeTheSubstituteWhereTheKernelRefusesARingAndSayItOnce() {
        assertEquals("substitute", refused());
        assertEquals("substitute", refused());

        assertTrue(log.size() <= 1, log::toString); // none if another test of this process was refused first
    }

    @Test
    void shouldStartSomethingThatRunsInAnyCase() {
        Transport.Running running = Transport.start(Thread::new, log::add);
        try {
            assertEquals(
                    "ran",
                    running.group().submit(() -> "ran").syncUninterruptibly().getNow());
        } finally {
            var _ = running.group().shutdownGracefully();
        }
    }
}
