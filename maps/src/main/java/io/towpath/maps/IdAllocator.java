package io.towpath.maps;

import java.util.ArrayDeque;
import java.util.BitSet;

/** Small stable numbers for records and counters. A released number is given out again only after a quiescent point. Writer only. */
public final class IdAllocator {
    private final int capacity;
    private final Quiescence quiescence;
    private final ArrayDeque<Released> released = new ArrayDeque<>();
    private int next = 1;

    private record Released(int id, long token) {}

    /**
     * Numbers are 1 to {@code capacity - 1}; 0 means none.
     *
     * @param taken numbers that were given out by an earlier process; its freed ones come last, like those of this one
     */
    public IdAllocator(int capacity, BitSet taken, Quiescence quiescence) {
        this.capacity = capacity;
        this.quiescence = quiescence;
        next = Math.max(1, taken.length());
        for (int id = taken.nextClearBit(1); id < next; id = taken.nextClearBit(id + 1)) {
            release(id);
        }
    }

    /** Returns a number, 0 where all are taken. */
    public int allocate() {
        if (next < capacity) {
            return next++;
        }
        Released oldest = released.peek();
        if (oldest == null || !quiescence.passed(oldest.token())) {
            return 0;
        }
        released.poll();
        return oldest.id();
    }

    public void release(int id) {
        released.add(new Released(id, quiescence.advance()));
    }
}
