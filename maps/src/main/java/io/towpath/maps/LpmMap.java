package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Longest-prefix match of 128-bit addresses to a value word: one writer, lock-free readers.
 *
 * <p>The prefixes are flattened to a sorted table of ranges, each beginning where another longest match begins, so a look-up is one binary
 * search without backtracking. Prefixes change seldom: a change builds the whole table aside, in the half that no worker reads, and
 * publishes it by one release store.
 *
 * <pre>
 *  0 offset of the active half
 * 64 first half, then the second: number of ranges (long), padding to 64, ranges of 24 bytes: first address hi, lo, value (0: none)
 * </pre>
 */
public final class LpmMap {
    static final int LAYOUT_VERSION = 1;
    static final int HEADER_BYTES = 64;
    static final int RANGE_BYTES = 24;

    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final MemorySegment data;
    private final Quiescence quiescence;
    private final long capacity;
    private final long halfBytes;
    private long otherHalfFreeAt;

    private record Range(Address first, long value) {}

    private LpmMap(MemorySegment data, long capacity, Quiescence quiescence) {
        this.data = data;
        this.capacity = capacity;
        this.quiescence = quiescence;
        this.halfBytes = halfBytes(capacity);
    }

    private static long halfBytes(long capacity) {
        return HEADER_BYTES + (2 * capacity + 1) * RANGE_BYTES;
    }

    /**
     * Creates an empty map.
     *
     * @param capacity prefixes it holds at most
     */
    public static LpmMap create(MapStore store, String name, long capacity, Quiescence quiescence) {
        long bytes = HEADER_BYTES + 2 * halfBytes(capacity);
        MemorySegment data = store.create(new MapSpec(name, MapKind.LPM, LAYOUT_VERSION, RANGE_BYTES, capacity, bytes))
                .data();
        LONG.setRelease(data, 0L, (long) HEADER_BYTES);
        return new LpmMap(data, capacity, quiescence);
    }

    /** Returns the value of the longest prefix that holds the address, 0 where none does. Any thread. */
    public long lookup(long hi, long lo) {
        long half = (long) LONG.getAcquire(data, 0L);
        long ranges = half + HEADER_BYTES;
        int low = 0;
        int high = (int) data.get(JAVA_LONG, half);
        while (low < high) { // first range that begins behind the address
            int middle = low + high >>> 1;
            long range = ranges + (long) middle * RANGE_BYTES;
            int compared = Long.compareUnsigned(data.get(JAVA_LONG, range), hi);
            if (compared < 0 || compared == 0 && Long.compareUnsigned(data.get(JAVA_LONG, range + 8), lo) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? 0 : data.get(JAVA_LONG, ranges + (long) (low - 1) * RANGE_BYTES + 16);
    }

    /**
     * Replaces all prefixes. Writer only.
     *
     * @param values not 0
     * @return false if a worker may still read the half to write, so that the call must be made again later
     */
    public boolean replaceAll(Map<Prefix, Long> values) {
        if (values.size() > capacity) {
            throw new IllegalArgumentException("more prefixes than the map holds: " + values.size() + " > " + capacity);
        }
        if (!quiescence.passed(otherHalfFreeAt)) {
            return false;
        }
        long half = (long) LONG.getOpaque(data, 0L) == HEADER_BYTES ? HEADER_BYTES + halfBytes : HEADER_BYTES;
        List<Range> ranges = flatten(values);
        data.set(JAVA_LONG, half, ranges.size());
        long at = half + HEADER_BYTES;
        for (Range range : ranges) {
            data.set(JAVA_LONG, at, range.first().hi());
            data.set(JAVA_LONG, at + 8, range.first().lo());
            data.set(JAVA_LONG, at + 16, range.value());
            at += RANGE_BYTES;
        }
        LONG.setRelease(data, 0L, half);
        otherHalfFreeAt = quiescence.advance();
        return true;
    }

    /** Walks the prefixes in address order with a stack of the ones that are open. */
    private static List<Range> flatten(Map<Prefix, Long> values) {
        List<Prefix> sorted = new ArrayList<>(values.keySet());
        sorted.sort(Comparator.comparing(Prefix::address).thenComparingInt(Prefix::bits));
        List<Range> ranges = new ArrayList<>();
        List<Prefix> open = new ArrayList<>();
        for (Prefix prefix : sorted) {
            while (!open.isEmpty() && !open.getLast().contains(prefix.address())) {
                close(open, ranges, values);
            }
            begin(ranges, prefix.address(), values.get(prefix));
            open.add(prefix);
        }
        while (!open.isEmpty()) {
            close(open, ranges, values);
        }
        return ranges;
    }

    private static void close(List<Prefix> open, List<Range> ranges, Map<Prefix, Long> values) {
        Address behind = open.removeLast().behind();
        if (behind != null) {
            begin(ranges, behind, open.isEmpty() ? 0 : values.get(open.getLast()));
        }
    }

    private static void begin(List<Range> ranges, Address first, long value) {
        if (!ranges.isEmpty() && ranges.getLast().first().equals(first)) {
            ranges.removeLast();
        }
        ranges.add(new Range(first, value));
    }
}
