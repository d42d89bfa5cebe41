package io.towpath.dataplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.wire.Address;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class NodeAddressWatchTest {
    private final Set<Address> host = new HashSet<>();

    private static List<Address> addresses(String... texts) {
        return Stream.of(texts).map(Address::parse).toList();
    }

    @Test
    void shouldTellAPrimaryAddressThatStaysAway() {
        host.addAll(addresses("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::9"));
        NodeAddressWatch watch = new NodeAddressWatch(addresses("192.0.2.1", "192.0.2.2", "2001:db8::1"), () -> host);
        assertEquals(Optional.empty(), watch.gone());

        Address primary = Address.parse("2001:db8::1");
        host.remove(primary);
        host.remove(Address.parse("192.0.2.2"));
        assertEquals(Optional.empty(), watch.gone(), "it may be set up anew");
        host.add(primary);
        assertEquals(Optional.empty(), watch.gone());
        host.remove(primary);
        assertEquals(Optional.empty(), watch.gone());
        assertEquals(Optional.of(primary), watch.gone());
    }

    @Test
    void shouldStayWhereTheHostHasNothingElseToGoOnWith() {
        host.addAll(addresses("192.0.2.1", "2001:db8::1"));
        NodeAddressWatch watch = new NodeAddressWatch(addresses("192.0.2.1", "2001:db8::1"), () -> host);

        host.remove(Address.parse("192.0.2.1"));
        assertEquals(Optional.empty(), watch.gone());
        assertEquals(Optional.empty(), watch.gone());
        host.addAll(addresses("192.0.2.9"));
        watch.gone();
        assertEquals(Optional.of(Address.parse("192.0.2.1")), watch.gone());
    }

    @Test
    void shouldNotMissWhatTheHostNeverHad() {
        NodeAddressWatch watch = new NodeAddressWatch(addresses("203.0.113.1"), () -> host);

        assertEquals(Optional.empty(), watch.gone());
        assertEquals(Optional.empty(), watch.gone());
    }
}
