package io.towpath.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

final class FiveTupleTest {
    @Property(tries = 300)
    void shouldReverseAndReverseBack(
            @ForAll @IntRange(max = 65535) int source,
            @ForAll @IntRange(max = 65535) int destination,
            @ForAll @IntRange(max = 255) int protocol) {
        long transport = FiveTuple.transport(source, destination, protocol);
        long reverse = FiveTuple.reverse(transport);

        assertEquals(source, FiveTuple.sourcePort(transport));
        assertEquals(destination, FiveTuple.destinationPort(transport));
        assertEquals(protocol, FiveTuple.protocol(transport));
        assertEquals(FiveTuple.transport(destination, source, protocol), reverse);
        assertEquals(transport, FiveTuple.reverse(reverse));
    }
}
