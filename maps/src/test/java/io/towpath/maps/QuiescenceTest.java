package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class QuiescenceTest {
    private final Quiescence quiescence = new Quiescence(2);

    @Test
    void shouldWaitForEachWorkerThatIsOnline() {
        quiescence.online(0);
        quiescence.online(1);
        long token = quiescence.advance();

        quiescence.quiescent(0);
        assertFalse(quiescence.passed(token));
        quiescence.offline(1);
        assertTrue(quiescence.passed(token));
        quiescence.online(1);
        assertTrue(quiescence.passed(token), "it came after the change");
    }

    @Test
    void shouldWaitForTheControlThreadOnlyWhileItIsOnline() {
        assertEquals(2, quiescence.control());
        quiescence.online(0);
        quiescence.online(quiescence.control());
        long token = quiescence.advance();
        quiescence.quiescent(0);

        assertFalse(quiescence.passed(token));
        quiescence.offline(quiescence.control());
        assertTrue(quiescence.passed(token));
        long later = quiescence.advance();
        quiescence.quiescent(0);
        assertTrue(quiescence.passed(later), "nobody waits for a control thread that does not scan");
    }
}
