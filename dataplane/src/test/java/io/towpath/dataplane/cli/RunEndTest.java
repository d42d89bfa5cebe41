package io.towpath.dataplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RunEndTest {
    private final RunEnd end = new RunEnd();

    @ParameterizedTest
    @ValueSource(ints = {ExitCode.OK, ExitCode.FAILURE})
    void shouldHaltWithTheOutcomeAfterASignal(int outcome) throws Exception {
        Thread main = Thread.ofPlatform().start(() -> {
            try {
                end.awaitSignal();
                end.ended(outcome);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });

        assertEquals(OptionalInt.of(outcome), end.onShutdown());
        assertTrue(end.isSignalled());
        main.join();
    }

    @Test
    void shouldLeaveTheExitCodeAloneWhereTheRunEndedByItself() {
        end.ended(ExitCode.FAILURE);

        assertEquals(OptionalInt.empty(), end.onShutdown());
        assertFalse(end.isSignalled());
    }
}
