package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

final class SharedIndexTest {
    private static final int KEYS = 20_000;

    /** References 2k and 2k+1 stand for key k. */
    private static boolean same(int a, int b) {
        return a >> 1 == b >> 1;
    }

    private static long hash(int key) {
        return (key + 1) * 0x9E3779B97F4A7C15L;
    }

    @Test
    void shouldLetOneOfTwoInsertersWin() throws Exception {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            SharedIndex index = SharedIndex.create(store, "test", KEYS);
            AtomicIntegerArray winners = new AtomicIntegerArray(KEYS + 1);
            CyclicBarrier barrier = new CyclicBarrier(2);
            Thread[] threads = new Thread[2];
            for (int t = 0; t < 2; t++) {
                int number = t;
                threads[t] = Thread.ofPlatform().start(() -> {
                    for (int key = 1; key <= KEYS; key++) {
                        if (key % 500 == 1) {
                            meet(barrier);
                        }
                        int result = index.insert(hash(key), key << 1 | number, SharedIndexTest::same);
                        if (result == 0) {
                            winners.incrementAndGet(key);
                        }
                    }
                });
            }
            for (Thread thread : threads) {
                thread.join();
            }
            int once = 0;
            for (int key = 1; key <= KEYS; key++) {
                assertTrue(winners.get(key) <= 1, "two winners of key " + key);
                once += winners.get(key);
            }
            assertTrue(once > KEYS * 0.99, "nearly every key has its winner: " + once);
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldFindRemoveAndFillBothBuckets() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            SharedIndex index = SharedIndex.create(store, "test", 8);
            long hash = hash(5);
            for (int reference = 1; reference <= 16; reference++) {
                assertEquals(0, index.insert(hash, reference, (a, b) -> a == b));
            }
            assertEquals(SharedIndex.FULL, index.insert(hash, 17, (a, b) -> a == b));
            assertTrue(index.remove(hash, 9));
            assertEquals(0, index.insert(hash, 17, (a, b) -> a == b));
            assertTrue(index.next(index.firstBucket(hash), hash, 0) >= 0);
        }
    }

    @Test
    void shouldFindRoomForEveryKeyOfATableThatIsFilledInAnotherOrder() {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            SharedIndex index = SharedIndex.create(store, "test", KEYS);
            int keys = KEYS / 5 * 6; // 75 % of the slots: more than what the index is for
            int moves = 0;
            for (int key = 1; key <= keys; key++) {
                while (index.insert(mixed(key), key, (a, b) -> a == b) == SharedIndex.FULL) {
                    assertTrue(index.makeRoom(mixed(key), SharedIndexTest::mixed));
                    moves++;
                }
            }
            assertTrue(moves > 0, "there was always room");
            for (int key = 1; key <= keys; key++) {
                assertTrue(index.remove(mixed(key), key), "key " + key);
            }
        }
    }

    private static long mixed(int key) {
        long h = hash(key);
        h = (h ^ h >>> 31) * 0xBF58476D1CE4E5B9L;
        return h ^ h >>> 29;
    }
}
