package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class WordMapTest {
    @Property(tries = 200)
    void shouldAgreeWithAHashMap(@ForAll @Size(max = 400) List<@IntRange(min = 0, max = 120) Integer> operations) {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            WordMap map = WordMap.create(store, "test", 48, 7, new Quiescence(0));
            Map<Integer, Long> model = new HashMap<>();
            for (int i = 0; i < operations.size(); i++) {
                int key = operations.get(i) % 60;
                if (operations.get(i) < 60) {
                    boolean fits = model.containsKey(key) || model.size() < 48;
                    assertEquals(fits, map.put(key, -key, 1L << key % 63, i + 1));
                    if (fits) {
                        model.put(key, i + 1L);
                    }
                } else {
                    Long removed = model.remove(key);
                    assertEquals(removed == null ? 0 : removed, map.remove(key, -key, 1L << key % 63));
                }
            }
            for (int key = 0; key < 60; key++) {
                assertEquals(model.getOrDefault(key, 0L), map.get(key, -key, 1L << key % 63));
            }
            assertEquals(model.size(), map.size());
        }
    }

    @Test
    void shouldNotReuseAHalfThatAWorkerMayRead() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            Quiescence quiescence = new Quiescence(1);
            quiescence.online(0);
            WordMap map = WordMap.create(store, "test", 8, 7, quiescence);
            boolean refused = false;
            for (long key = 1; key <= 100 && !refused; key++) {
                refused = !map.put(key, 0, 0, 1);
                map.remove(key, 0, 0);
            }
            assertTrue(refused, "the worker never was quiescent");

            quiescence.quiescent(0);
            assertTrue(map.put(1, 2, 3, 4));
            assertEquals(4, map.get(1, 2, 3));
        }
    }

    @Test
    void shouldNeverShowAValueOfAnotherKeyToAReader() throws InterruptedException {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            Quiescence quiescence = new Quiescence(1);
            WordMap map = WordMap.create(store, "test", 64, 7, quiescence);
            boolean[] wrong = new boolean[1];
            Thread reader = Thread.ofPlatform().start(() -> {
                quiescence.online(0);
                for (int i = 0; i < 3_000_000; i++) {
                    long key = i % 97 + 1L;
                    long value = map.get(key, key, key);
                    wrong[0] |= value != 0 && value % 1000 != key;
                    quiescence.quiescent(0);
                }
                quiescence.offline(0);
            });
            for (long i = 0; reader.isAlive(); i++) {
                long key = i * 31 % 97 + 1;
                if (i % 3 == 0) {
                    map.remove(key, key, key);
                } else {
                    map.put(key, key, key, i % 1000 * 1000 + key);
                }
            }
            reader.join();
            assertFalse(wrong[0]);
        }
    }

    @Test
    void shouldNoticeThatACleanUpBeganDuringAListing() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            WordMap map =
                    WordMap.create(store, "test", 64, 7, new Quiescence(0)); // like a reader that nobody waits for
            long began = map.cleanups();

            assertFalse(map.isOvertaken(began));
            cleanUp(map);
            assertTrue(map.isOvertaken(began));
        }
    }

    /** Uses up slots by tombstones until the map moves to its other half. */
    private static void cleanUp(WordMap map) {
        long before = map.cleanups();
        for (long key = 1000; key < 2000 && map.cleanups() == before; key++) {
            assertTrue(map.put(key, before, 0, 1));
            map.remove(key, before, 0);
        }
        assertEquals(before + 1, map.cleanups());
    }

    @Test
    void shouldListEveryEntryOnce() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            WordMap map = WordMap.create(store, "test", 64, 7, new Quiescence(0));
            Map<Long, Long> listed = new HashMap<>();
            for (long key = 1; key <= 10; key++) {
                map.put(key, key + 1, key + 2, key * 3);
            }
            cleanUp(map);
            map.remove(4, 5, 6);
            map.forEach((key0, key1, key2, value) -> {
                assertEquals(key0 + 1, key1);
                assertEquals(key0 + 2, key2);
                assertEquals(null, listed.put(key0, value));
            });

            assertEquals(9, listed.size());
            assertEquals(30, listed.get(10L));
        }
    }
}
