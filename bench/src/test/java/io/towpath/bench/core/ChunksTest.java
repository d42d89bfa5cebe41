package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ChunksTest {
    private static final int BURST = 64;

    private final Chunks chunks = new Chunks();

    private void addChunk(long nsPerPacket) {
        for (int packets = 0; packets < Chunks.CHUNK; packets += BURST) {
            chunks.add(nsPerPacket * BURST, BURST);
        }
    }

    @Test
    void shouldNotCountWhatAnotherProgramTook() {
        for (int i = 0; i < 10; i++) {
            addChunk(50);
        }
        chunks.add(20_000_000, BURST);
        addChunk(50);

        assertEquals(50, chunks.median());
    }

    @Test
    void shouldForgetWhatWasBeforeClear() {
        addChunk(10);
        chunks.add(1_000_000, BURST);
        chunks.clear();
        addChunk(20);

        assertEquals(20, chunks.median());
    }

    @Test
    void shouldHaveNoMedianBeforeAWholeChunk() {
        chunks.add(1, BURST);

        assertThrows(IllegalStateException.class, chunks::median);
    }
}
