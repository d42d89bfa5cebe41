package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * A hash map of three key words to one value word: one writer, any number of lock-free readers, in this process or another.
 *
 * <p>Open addressing with linear probing, at most half full. A slot's key is written once, before its value is released; a removed key
 * keeps its slot with a tombstone. When too many slots are used, the live ones are copied to the other half of the region, which is then
 * published by one release store; a half is reused only after all workers passed a quiescent point.
 *
 * <pre>
 *  0 offset of the active half   8 slots of a half   16 hash seed   24 keys   32 clean-ups begun
 * 64 first half, then the second: slots of 32 bytes: key word 0, 1, 2, value (0: never used; MIN_VALUE: removed)
 * </pre>
 */
public final class WordMap {
    static final int LAYOUT_VERSION = 2;
    static final int HEADER_BYTES = 64;
    static final int SLOT_BYTES = 32;
    static final int SLOTS_OFFSET = 8;
    static final int SEED_OFFSET = 16;
    static final int SIZE_OFFSET = 24;
    static final int CLEANUPS_OFFSET = 32;

    /** Listings that a clean-up overtook are begun anew this often. */
    private static final int LISTING_ATTEMPTS = 16;

    private static final long TOMBSTONE = Long.MIN_VALUE;
    private static final int KEY1 = 8;
    private static final int KEY2 = 16;
    private static final int VALUE = 24;
    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final MemorySegment data;
    private final Quiescence quiescence;
    private final long capacity;
    private final long slots;
    private final SeededHash hash;

    // Writer only.
    private long used;
    private long size;
    private long otherHalfFreeAt;

    private WordMap(MemorySegment data, long capacity, Quiescence quiescence) {
        this.data = data;
        this.capacity = capacity;
        this.quiescence = quiescence;
        this.slots = data.get(JAVA_LONG, SLOTS_OFFSET);
        this.hash = new SeededHash(data.get(JAVA_LONG, SEED_OFFSET));
    }

    /**
     * Creates an empty map.
     *
     * @param capacity keys it holds at most
     * @param seed of the hash; secret, so that nobody can aim for collisions
     */
    public static WordMap create(MapStore store, String name, long capacity, long seed, Quiescence quiescence) {
        long slots = Math.max(16, Long.highestOneBit(Math.max(1, 2 * capacity - 1)) << 1);
        long bytes = HEADER_BYTES + 2 * slots * SLOT_BYTES;
        MemorySegment data = store.create(new MapSpec(name, MapKind.HASH, LAYOUT_VERSION, SLOT_BYTES, capacity, bytes))
                .data();
        data.set(JAVA_LONG, SLOTS_OFFSET, slots);
        data.set(JAVA_LONG, SEED_OFFSET, seed);
        LONG.setRelease(data, 0L, (long) HEADER_BYTES);
        return new WordMap(data, capacity, quiescence);
    }

    /** Opens another process's map for {@link #get} and {@link #forEach}. */
    public static WordMap open(PinnedMaps maps, String name) {
        MapRegion region = maps.region(name, MapKind.HASH, LAYOUT_VERSION);
        long slots = region.data().byteSize() < HEADER_BYTES ? 0 : region.data().get(JAVA_LONG, SLOTS_OFFSET);
        if (Long.bitCount(slots) != 1 || slots != (region.data().byteSize() - HEADER_BYTES) / (2 * SLOT_BYTES)) {
            throw new MapException("map " + name + " is damaged: " + slots + " slots in "
                    + region.data().byteSize() + " bytes");
        }
        return new WordMap(region.data(), region.spec().capacity(), new Quiescence(0));
    }

    /** Returns the value, 0 where the key is absent. Any thread. */
    public long get(long key0, long key1, long key2) {
        long half = (long) LONG.getAcquire(data, 0L);
        long mask = slots - 1;
        long index = hash.of(key0, key1, key2) & mask;
        for (long probes = 0; probes < slots; probes++, index = index + 1 & mask) {
            long slot = half + index * SLOT_BYTES;
            long value = (long) LONG.getAcquire(data, slot + VALUE);
            if (value == 0) {
                return 0;
            }
            if (isKey(slot, key0, key1, key2)) {
                return value == TOMBSTONE ? 0 : value;
            }
        }
        return 0;
    }

    private boolean isKey(long slot, long key0, long key1, long key2) {
        return data.get(JAVA_LONG, slot + KEY1) == key1
                && data.get(JAVA_LONG, slot) == key0
                && data.get(JAVA_LONG, slot + KEY2) == key2;
    }

    /**
     * Adds or replaces. Writer only.
     *
     * @param value neither 0 nor {@link Long#MIN_VALUE}
     * @return false if the map is full
     */
    public boolean put(long key0, long key1, long key2, long value) {
        if (value == 0 || value == TOMBSTONE) {
            throw new IllegalArgumentException("value must not be " + value);
        }
        long slot = find(key0, key1, key2);
        long old = data.get(JAVA_LONG, slot + VALUE);
        if (old == 0) {
            if (size >= capacity || !makeRoom()) {
                return false;
            }
            slot = find(key0, key1, key2); // the active half may be another one now
            data.set(JAVA_LONG, slot, key0);
            data.set(JAVA_LONG, slot + KEY1, key1);
            data.set(JAVA_LONG, slot + KEY2, key2);
            used++;
        } else if (old == TOMBSTONE && size >= capacity) {
            return false;
        }
        if (old == 0 || old == TOMBSTONE) {
            resize(size + 1);
        }
        LONG.setRelease(data, slot + VALUE, value);
        return true;
    }

    /** Removes a key; returns its value, 0 where it was absent. Writer only. */
    public long remove(long key0, long key1, long key2) {
        long slot = find(key0, key1, key2);
        long old = data.get(JAVA_LONG, slot + VALUE);
        if (old == 0 || old == TOMBSTONE) {
            return 0;
        }
        LONG.setRelease(data, slot + VALUE, TOMBSTONE);
        resize(size - 1);
        return old;
    }

    private void resize(long newSize) {
        size = newSize;
        LONG.setOpaque(data, (long) SIZE_OFFSET, size);
    }

    /** Returns the number of keys; from another thread a recent one. */
    public long size() {
        return (long) LONG.getOpaque(data, (long) SIZE_OFFSET);
    }

    private long find(long key0, long key1, long key2) {
        long half = data.get(JAVA_LONG, 0L);
        long mask = slots - 1;
        long index = hash.of(key0, key1, key2) & mask;
        while (true) { // ends: a quarter of the slots is never used
            long slot = half + index * SLOT_BYTES;
            if (data.get(JAVA_LONG, slot + VALUE) == 0 || isKey(slot, key0, key1, key2)) {
                return slot;
            }
            index = index + 1 & mask;
        }
    }

    /** Keeps a quarter of the slots unused, if need be by a move to the other half. */
    private boolean makeRoom() {
        long limit = slots / 4 * 3;
        if (used < limit) {
            return true;
        }
        if (!quiescence.passed(otherHalfFreeAt)) {
            return false;
        }
        long from = data.get(JAVA_LONG, 0L);
        long to = from == HEADER_BYTES ? HEADER_BYTES + slots * SLOT_BYTES : HEADER_BYTES;
        LONG.setOpaque(data, (long) CLEANUPS_OFFSET, data.get(JAVA_LONG, CLEANUPS_OFFSET) + 1);
        VarHandle.fullFence(); // who sees the half change sees the clean-up counted
        data.asSlice(to, slots * SLOT_BYTES).fill((byte) 0);
        for (long slot = from; slot < from + slots * SLOT_BYTES; slot += SLOT_BYTES) {
            long value = data.get(JAVA_LONG, slot + VALUE);
            if (value != 0 && value != TOMBSTONE) {
                copy(slot, to);
            }
        }
        used = size;
        LONG.setRelease(data, 0L, to);
        otherHalfFreeAt = quiescence.advance();
        return used < limit;
    }

    private void copy(long slot, long half) {
        long mask = slots - 1;
        long index =
                hash.of(data.get(JAVA_LONG, slot), data.get(JAVA_LONG, slot + KEY1), data.get(JAVA_LONG, slot + KEY2))
                        & mask;
        while (data.get(JAVA_LONG, half + index * SLOT_BYTES + VALUE) != 0) {
            index = index + 1 & mask;
        }
        MemorySegment.copy(data, slot, data, half + index * SLOT_BYTES, SLOT_BYTES);
    }

    /** Receives the entries of {@link #forEach}. */
    @FunctionalInterface
    public interface EntryConsumer {
        void accept(long key0, long key1, long key2, long value);
    }

    /**
     * Visits the entries; what changes meanwhile may be seen or not, but never half. Any thread, any process: a reader that no quiescence
     * waits for is safe because it looks at the end whether a clean-up began meanwhile. The first one may clear the half it began in, if
     * another was about to publish the other half when it began.
     *
     * @throws MapException if clean-ups overtook every attempt
     */
    public void forEach(EntryConsumer consumer) {
        for (int attempt = 0; attempt < LISTING_ATTEMPTS; attempt++) {
            long cleanups = cleanups();
            List<long[]> entries = copyOfActiveHalf();
            if (!isOvertaken(cleanups)) {
                entries.forEach(entry -> consumer.accept(entry[0], entry[1], entry[2], entry[3]));
                return;
            }
        }
        throw new MapException("the map changes faster than it can be listed: try again");
    }

    /** Returns how many clean-ups have begun. */
    long cleanups() {
        return (long) LONG.getAcquire(data, (long) CLEANUPS_OFFSET);
    }

    /** Returns whether what was read since {@link #cleanups} returned the number may have been cleared meanwhile. */
    boolean isOvertaken(long cleanups) {
        VarHandle.acquireFence();
        return (long) LONG.getOpaque(data, (long) CLEANUPS_OFFSET) != cleanups;
    }

    private List<long[]> copyOfActiveHalf() {
        List<long[]> entries = new ArrayList<>();
        long half = (long) LONG.getAcquire(data, 0L);
        for (long slot = half; slot < half + slots * SLOT_BYTES; slot += SLOT_BYTES) {
            long value = (long) LONG.getAcquire(data, slot + VALUE);
            if (value != 0 && value != TOMBSTONE) {
                entries.add(new long[] {
                    data.get(JAVA_LONG, slot), data.get(JAVA_LONG, slot + KEY1), data.get(JAVA_LONG, slot + KEY2), value
                });
            }
        }
        return entries;
    }
}
