package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PartsTest {
    private final List<String> closed = new ArrayList<>();
    private final Parts parts = new Parts();

    private AutoCloseable part(String name) {
        return () -> closed.add(name);
    }

    private AutoCloseable broken(String name) {
        return () -> {
            closed.add(name);
            throw new java.io.IOException(name + " is broken");
        };
    }

    @Test
    void shouldCloseTheLastPartFirstAndEachOnce() {
        parts.add(part("a"));
        parts.add(part("b"));

        parts.close();
        parts.close();

        assertEquals(List.of("b", "a"), closed);
    }

    @Test
    void shouldGoOnAfterAPartThatCannotBeClosed() {
        parts.add(part("a"));
        parts.add(broken("b"));
        parts.add(broken("c"));

        IllegalStateException failure = assertThrows(IllegalStateException.class, parts::close);

        assertEquals(List.of("c", "b", "a"), closed);
        assertEquals("cannot close: c is broken", failure.getMessage());
        assertEquals("b is broken", failure.getSuppressed()[0].getMessage());
    }

    @Test
    void shouldNotHideTheFailureThatCameFirst() {
        parts.add(broken("a"));
        RuntimeException first = new RuntimeException("first");

        parts.closeAfter(first);

        assertEquals("cannot close: a is broken", first.getSuppressed()[0].getMessage());
    }
}
