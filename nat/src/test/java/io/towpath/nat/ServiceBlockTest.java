package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ServiceBlockTest {
    private static final BackendAddress FIRST = new BackendAddress(Address.parse("10.1.0.1"), 8080);
    private static final BackendAddress SECOND = new BackendAddress(Address.parse("10.1.0.2"), 65_535);
    private static final long BLOCK = 64;

    private static ServicePort port() {
        return new ServicePort(
                new ServicePortName("ns", "web", "", Protocol.TCP),
                false,
                List.of(),
                List.of(FIRST, SECOND),
                List.of(SECOND),
                Scheduler.WRR,
                Map.of(SECOND, 65_535),
                10_800,
                List.of());
    }

    private static void write(MemorySegment blocks) {
        List<Prefix> ranges = List.of(Prefix.parse("10.0.0.0/8"));
        ServiceBlock.write(blocks, BLOCK, port(), 5, backend -> backend.equals(FIRST) ? 11 : 12, ranges, 1024, 2048);
    }

    /** Other processes read blocks: docs/memory-layout.md. */
    @Test
    void shouldKeepItsLayout() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocks = arena.allocate(4096);
            write(blocks);

            assertEquals(5, blocks.get(JAVA_INT, 64));
            assertEquals(2, blocks.get(JAVA_INT, 64 + 4));
            assertEquals(1, blocks.get(JAVA_INT, 64 + 8));
            assertEquals(10_800, blocks.get(JAVA_INT, 64 + 12));
            assertEquals(1024, blocks.get(JAVA_LONG, 64 + 16));
            assertEquals(2048, blocks.get(JAVA_LONG, 64 + 24));
            assertEquals(1, blocks.get(JAVA_INT, 64 + 32));
            assertEquals(2, blocks.get(JAVA_INT, 64 + 36), "wrr");
            assertEquals(1, blocks.get(JAVA_INT, 64 + 40));
            assertEquals(SECOND.address().lo(), blocks.get(JAVA_LONG, 64 + 64 + 24 + 8));
            assertEquals((short) 65_535, blocks.get(JAVA_SHORT, 64 + 64 + 24 + 16));
            assertEquals(12, blocks.get(JAVA_INT, 64 + 64 + 24 + 20));
            assertEquals(12, blocks.get(JAVA_INT, 64 + 64 + 48 + 20), "the local set");
            assertEquals(104, blocks.get(JAVA_LONG, 64 + 64 + 72 + 16), "10.0.0.0/8");
        }
    }

    @Test
    void shouldReadWhatItWrote() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocks = arena.allocate(4096);
            write(blocks);
            long local = ServiceBlock.localBackends(blocks, BLOCK);

            assertEquals(65_535, ServiceBlock.port(blocks, local));
            assertEquals(65_535, ServiceBlock.weight(blocks, local));
            assertEquals(1, ServiceBlock.weight(blocks, ServiceBlock.clusterBackends(BLOCK)));
            assertTrue(ServiceBlock.isWeighted(blocks, BLOCK));
            Address inside = Address.parse("10.255.0.1");
            Address outside = Address.parse("11.0.0.1");
            assertTrue(ServiceBlock.isInRanges(blocks, BLOCK, inside.hi(), inside.lo()));
            assertFalse(ServiceBlock.isInRanges(blocks, BLOCK, outside.hi(), outside.lo()));

            ServiceBlock.writeTable(blocks, 1024, new int[] {0, 40_000, 1});
            assertEquals(3, ServiceBlock.tableLength(blocks, 1024));
            assertEquals(40_000, ServiceBlock.tableEntry(blocks, 1024, 1));
            assertTrue(ServiceBlock.tableBytes(3) >= 8 + 6);
        }
    }
}
