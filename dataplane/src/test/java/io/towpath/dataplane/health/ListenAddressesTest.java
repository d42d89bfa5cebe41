package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.wire.Address;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ListenAddressesTest {
    private static final List<Address> NODE = Stream.of("192.0.2.1", "192.0.2.2", "2001:db8::1")
            .map(Address::parse)
            .toList();

    private static String choose(List<String> configured, String... onHost) {
        Set<Address> host = Set.copyOf(Stream.of(onHost).map(Address::parse).toList());
        return ListenAddresses.choose(configured, NODE, host::contains).toString();
    }

    @Test
    void shouldListenOnThePrimaryAddressesByDefault() {
        assertEquals("[192.0.2.1, 2001:db8::1]", choose(List.of(), "192.0.2.1", "192.0.2.2", "2001:db8::1"));
    }

    @Test
    void shouldListenOnTheAddressesInTheConfiguredRanges() {
        assertEquals(
                "[192.0.2.2]", choose(List.of("192.0.2.2/32", "fd00::/8"), "192.0.2.1", "192.0.2.2", "2001:db8::1"));
    }

    @Test
    void shouldListenOnTheWildcardWhereAllAddressesAreMeant() {
        assertEquals(
                "[0.0.0.0, 2001:db8::1]",
                choose(List.of("0.0.0.0/0", "2001:db8::/32"), "192.0.2.1", "2001:db8::1", "127.0.0.1"));
        assertEquals("[0.0.0.0, ::]", choose(List.of("all"), "192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"));
    }

    @Test
    void shouldListenOnTheWildcardOfFamiliesThatTheHostHasWhereTheNodesAddressesAreNotTheHosts() {
        assertEquals("[0.0.0.0, ::]", choose(List.of(), "127.0.0.1", "::1"));
        assertEquals("[0.0.0.0]", choose(List.of(), "127.0.0.1"));
    }

    @Test
    void shouldListenNowhereOnLocalhostNodePorts() {
        assertEquals("[]", choose(List.of("localhost"), "192.0.2.1", "127.0.0.1"));
    }
}
