package io.towpath.maps;

import java.util.ArrayDeque;

/** Small stable numbers for records and counters. A released number is given out again only after a quiescent point. Writer only. */
public final class IdAllocator {
    private final int capacity;
    private final Quiescence quiescence;
    private final ArrayDeque<Released> released = new ArrayDeque<>();
    private int next = 1;

    private record Released(int id, long token) {}

    /** Numbers are 1 to {@code capacity - 1}; 0 means none. */
    public IdAllocator(int capacity, Quiescence quiescence) {
        this.capacity = capacity;
        this.quiescence = quiescence;
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
