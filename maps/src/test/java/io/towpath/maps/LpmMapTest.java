package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class LpmMapTest {
    private static long naive(Map<Prefix, Long> values, Address address) {
        return values.entrySet().stream()
                .filter(entry -> entry.getKey().contains(address))
                .max(Comparator.comparingInt(entry -> entry.getKey().bits()))
                .map(Map.Entry::getValue)
                .orElse(0L);
    }

    @Property(tries = 300)
    void shouldFindTheLongestPrefix(@ForAll @Size(max = 20) List<Integer> seeds) {
        Map<Prefix, Long> values = new HashMap<>();
        for (int seed : seeds) {
            // Few bits that differ, so that prefixes nest.
            values.put(
                    new Prefix(new Address((long) (seed & 3) << 62, (seed & 0xF0) << 24), seed >>> 8 & 127),
                    seed | 1L << 40);
        }
        values.put(Prefix.parse("::/0"), 5L);
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            LpmMap map = LpmMap.create(store, "test", 32, new Quiescence(0));
            map.replaceAll(values);
            for (int seed : seeds) {
                for (long lo : new long[] {0, -1, (seed & 0xF0) << 24, ((seed & 0xF0) << 24) - 1L}) {
                    Address address = new Address((long) (seed & 3) << 62, lo);
                    assertEquals(naive(values, address), map.lookup(address.hi(), address.lo()), address.toString());
                }
            }
        }
    }

    @Test
    void shouldFindNothingOutside() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            LpmMap map = LpmMap.create(store, "test", 4, new Quiescence(0));
            map.replaceAll(Map.of(Prefix.parse("10.0.0.0/8"), 7L));

            assertEquals(7, map.lookup(0, Address.parse("10.255.255.255").lo()));
            assertEquals(0, map.lookup(0, Address.parse("11.0.0.0").lo()));
            assertEquals(0, map.lookup(0, Address.parse("9.255.255.255").lo()));
        }
    }
}
