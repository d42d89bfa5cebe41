package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class MaglevTest {
    private static List<BackendAddress> backends(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new BackendAddress(Address.ofIpv4(0x0A010001 + i), 8080))
                .toList();
    }

    private static int[] equalWeights(int count) {
        int[] weights = new int[count];
        Arrays.fill(weights, 1);
        return weights;
    }

    private static List<BackendAddress> byAddress(List<BackendAddress> backends) {
        return Arrays.stream(Maglev.table(backends, equalWeights(backends.size())))
                .mapToObj(backends::get)
                .toList();
    }

    @Test
    void shouldShareSlotsEvenly() {
        for (int count : new int[] {1, 2, 3, 100, 1000}) {
            int[] shares = new int[count];
            for (int backend : Maglev.table(backends(count), equalWeights(count))) {
                shares[backend]++;
            }
            int least = Arrays.stream(shares).min().orElseThrow();
            assertTrue(Arrays.stream(shares).max().orElseThrow() - least <= 1, Arrays.toString(shares));
        }
    }

    @Test
    void shouldShareSlotsByWeight() {
        int[] shares = new int[3];
        for (int backend : Maglev.table(backends(3), new int[] {10, 20, 70})) {
            shares[backend]++;
        }

        assertEquals(Maglev.SLOTS * 0.1, shares[0], 7);
        assertEquals(Maglev.SLOTS * 0.2, shares[1], 7);
        assertEquals(Maglev.SLOTS * 0.7, shares[2], 7);
    }

    @Test
    void shouldServeEveryBackendWhateverTheWeights() {
        int[] weights = new int[100];
        Arrays.fill(weights, 1000);
        weights[3] = 999;
        int[] shares = new int[100];
        for (int backend : Maglev.table(backends(100), weights)) {
            shares[backend]++;
        }
        assertTrue(Arrays.stream(shares).allMatch(share -> share >= 654 && share <= 657), Arrays.toString(shares));

        int[] two = new int[2];
        for (int backend : Maglev.table(backends(2), new int[] {65_535, 65_534})) {
            two[backend]++;
        }
        assertEquals(two[0], two[1], 3);
    }

    @Test
    void shouldNotDependOnTheOrderOfBackends() {
        List<BackendAddress> shuffled = new ArrayList<>(backends(20));
        Collections.reverse(shuffled);

        assertEquals(byAddress(backends(20)), byAddress(shuffled));
    }

    @Test
    void shouldMoveFewSlotsOfTheOthersWhenOneOfAHundredGoes() {
        List<BackendAddress> all = backends(100);
        List<BackendAddress> rest = new ArrayList<>(all);
        BackendAddress gone = rest.remove(37);
        List<BackendAddress> before = byAddress(all);
        List<BackendAddress> after = byAddress(rest);

        long moved = IntStream.range(0, Maglev.SLOTS)
                .filter(slot -> !before.get(slot).equals(gone))
                .filter(slot -> !before.get(slot).equals(after.get(slot)))
                .count();
        assertTrue(moved <= Maglev.SLOTS * 0.02, moved + " slots moved");
    }

    @Test
    void shouldStayTheSameInEveryRelease() {
        // Nodes of different releases must agree while a cluster is updated.
        assertEquals(-1494628300, Arrays.hashCode(Maglev.table(backends(5), equalWeights(5))));
        assertEquals(50038, Maglev.slot(0, Address.parse("10.0.0.1").lo(), 40_000));
        assertThrows(IllegalArgumentException.class, () -> Maglev.table(List.of(), new int[0]));
    }
}
