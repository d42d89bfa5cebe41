package io.towpath.dataplane.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.wire.Address;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodePortAddressesTest {
    private static final List<Address> NODE = Stream.of("192.0.2.1", "10.0.0.1", "2001:db8::1", "fd00::1")
            .map(Address::parse)
            .toList();

    @ParameterizedTest
    @CsvSource({
        "'', 192.0.2.1 2001:db8::1",
        "primary, 192.0.2.1 2001:db8::1",
        "all, 192.0.2.1 10.0.0.1 2001:db8::1 fd00::1",
        "0.0.0.0/0, 192.0.2.1 10.0.0.1 2001:db8::1 fd00::1",
        "0.0.0.0/0 ::/0, 192.0.2.1 10.0.0.1 2001:db8::1 fd00::1",
        "10.0.0.0/8, 10.0.0.1 2001:db8::1 fd00::1",
        "10.0.0.0/8 fd00::/8, 10.0.0.1 fd00::1",
        "10.0.0.0/8 primary, 192.0.2.1 10.0.0.1 2001:db8::1",
        "198.51.100.0/24, 2001:db8::1 fd00::1",
        "localhost, ''",
        "localhost fd00::/8, fd00::1",
        "localhost primary, 192.0.2.1 2001:db8::1",
    })
    void shouldChooseByCidrAndKeyword(String configured, String chosen) {
        List<String> entries = configured.isEmpty() ? List.of() : List.of(configured.split(" "));

        assertEquals(chosen, String.join(" ", ClusterFixture.texts(NodePortAddresses.choose(entries, NODE))));
    }

    @ParameterizedTest
    @CsvSource({
        "primary, true",
        "10.0.0.0/8, true",
        "10.0.0.1, false",
        "everything, false",
        "/8, false",
        "10.0.0.0/x, false"
    })
    void shouldKnowWhatMayBeConfigured(String entry, boolean isValid) {
        assertEquals(isValid, NodePortAddresses.isValid(entry));
    }
}
