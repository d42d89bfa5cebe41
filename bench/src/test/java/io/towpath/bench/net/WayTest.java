package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.linux.Tap;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class WayTest {
    private static final int MOST_SERVICES = 100_000;

    @Test
    void shouldKeepVirtualAddressesOfAllServicesInTheWaysOwnBlock() {
        for (Way way : Way.values()) {
            Prefix block = Prefix.parse(way.block());
            assertTrue(block.contains(Address.parse(way.virtual(0))), way.label);
            assertTrue(block.contains(Address.parse(way.virtual(MOST_SERVICES - 1))), way.label);
            Stream.of(Way.values())
                    .filter(other -> other != way)
                    .forEach(other -> assertFalse(block.contains(Address.parse(other.virtual(0))), way + " " + other));
        }
    }

    @Test
    void shouldGiveEachServiceAnAddress() {
        Set<String> addresses = new HashSet<>();
        for (int service = 0; service < MOST_SERVICES; service++) {
            addresses.add(Way.NFTABLES.virtual(service));
        }

        assertEquals(MOST_SERVICES, addresses.size());
    }

    @Test
    void shouldTakeOnlyBackendsForLocal() {
        Prefix servers = Prefix.parse(Way.SERVER_CIDR);
        for (Way way : Way.values()) {
            assertFalse(servers.contains(Address.parse(way.client())), way.label);
            assertTrue(way == Way.VETH
                    || way.backends().stream().map(Address::parse).allMatch(servers::contains));
        }
    }

    @Test
    void shouldTalkToServicesWhereThereAreSome() {
        assertEquals(Way.RW.virtual(0), Way.RW.target());
        assertEquals(1_000, Way.RW.targets(1_000));
        assertEquals(Way.ROUTER.backend(0), Way.ROUTER.target());
        assertEquals(Way.BACKENDS, Way.ROUTER.targets(1_000));
    }

    @Test
    void shouldCompareAnEngineWithAndWithoutMerging() {
        assertEquals(List.of(Way.URING, Way.NETTY, Way.RW, Way.UNMERGED), Way.engines());
        assertEquals("uring", Way.UNMERGED.io());
        assertEquals("rw", Way.RW.io());
    }

    @Test
    void shouldHaveDeviceNamesThatLinuxTakes() {
        for (Way way : Way.values()) {
            assertTrue(way.device().length() <= Tap.NAME_LENGTH_MAX, way.label);
        }
    }
}
