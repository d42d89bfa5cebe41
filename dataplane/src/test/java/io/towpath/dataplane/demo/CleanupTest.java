package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CleanupTest {
    private final List<String> done = new ArrayList<>();

    @Test
    void shouldUndoInReverseOrderOnce() throws Exception {
        Cleanup cleanup = new Cleanup();
        assertEquals("first", cleanup.acquire(() -> "first", () -> done.add("undo first")));
        cleanup.acquire(() -> "second", () -> done.add("undo second"));
        cleanup.closeLater(() -> done.add("close third"));

        cleanup.close();
        cleanup.close();

        assertEquals(List.of("close third", "undo second", "undo first"), done);
    }

    @Test
    void shouldUndoAStepThatFailedHalfWay() {
        try (Cleanup cleanup = new Cleanup()) {
            assertThrows(IOException.class, () -> cleanup.acquire(this::fail, () -> done.add("undo")));
        }

        assertEquals(List.of("undo"), done);
    }

    @Test
    void shouldUndoTheRestWhenOneUndoFails() throws Exception {
        Cleanup cleanup = new Cleanup();
        cleanup.acquire(() -> "", () -> done.add("undo"));
        cleanup.acquire(() -> "", this::fail);

        cleanup.close();

        assertEquals(List.of("undo"), done);
    }

    @Test
    void shouldNotBeginAnythingAfterwards() {
        Cleanup cleanup = new Cleanup();
        cleanup.close();

        assertThrows(IllegalStateException.class, () -> cleanup.acquire(() -> done.add("step"), () -> {}));
        assertThrows(IllegalStateException.class, () -> cleanup.closeLater(() -> done.add("closed")));
        assertEquals(List.of("closed"), done);
        assertTrue(cleanup.isClosed());
    }

    private Void fail() throws IOException {
        throw new IOException("as asked");
    }
}
