package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NextHopsTest {
    private static final long NET = 0xFD01L << 48;
    private static final long MAC = 0x0200_0000_0000L;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Neighbors neighbors = Neighbors.create(store, 1, new Quiescence(1), new ArrayDeque<>());
    private final NextHops hops = new NextHops(neighbors);

    @BeforeEach
    void begin() {
        hops.begin();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void shouldFindWhatWasPutAndNothingElse() {
        assertEquals(NextHops.UNKNOWN, hops.find(NET, 7));
        hops.put(NET, 7, 3, MAC | 9);

        long hop = hops.find(NET, 7);
        assertEquals(3, NextHops.port(hop));
        assertEquals(MAC | 9, NextHops.mac(hop));
        assertEquals(NextHops.UNKNOWN, hops.find(0, 7));
        assertEquals(NextHops.UNKNOWN, hops.find(NET, 8));
    }

    @Test
    void shouldForgetAllOnceAKnownNeighborChanges() {
        hops.put(NET, 7, 3, MAC);
        neighbors.report(1, 0, 5, MAC | 5, 1_000);
        neighbors.update(1_000);
        hops.begin();
        assertEquals(3, NextHops.port(hops.find(NET, 7)), "a neighbor more changes none");
        neighbors.report(1, 0, 5, MAC | 6, 2_000);
        neighbors.update(2_000);
        assertEquals(3, NextHops.port(hops.find(NET, 7)), "good for the burst under way");
        hops.begin();

        assertEquals(NextHops.UNKNOWN, hops.find(NET, 7));
    }

    /** Destinations that share a place displace each other; none is ever told another one's hop. */
    @Test
    void shouldAgreeWithAModelOrNotKnow() {
        Random random = new Random(1);
        Map<Long, Integer> model = new HashMap<>();
        int found = 0;
        for (int n = 0; n < 100_000; n++) {
            long lo = random.nextInt(10_000);
            if (random.nextBoolean()) {
                int port = random.nextInt(64);
                hops.put(NET, lo, port, MAC | lo);
                model.put(lo, port);
            }
            long hop = hops.find(NET, lo);
            if (hop != NextHops.UNKNOWN) {
                assertEquals(model.get(lo), NextHops.port(hop));
                assertEquals(MAC | lo, NextHops.mac(hop));
                found++;
            }
        }
        assertTrue(found > 60_000, found + " of 100,000 found");
    }
}
