package io.towpath.nat;

import java.util.Arrays;

/**
 * The packets of a {@link FragmentTable}: found by key, in order of age. A packet is a number below the limit; {@link #remove} takes it out of
 * sight, {@link #free} makes its number available again. Owner worker only.
 */
final class FragmentedPackets {
    private static final int NONE = -1;
    private static final int KEY_WORDS = 6;

    private final long seed;
    private final int[] buckets;
    private final int[] nextInBucket;
    private final int[] bucket;
    private final long[] keys;
    private final long[] deadlineNs;
    private final int[] first;
    private final int[] last;
    private final int[] fragments;
    private final int[] received;
    private final int[] total;

    // By age, IPv4 and IPv6 apart: within a family the deadlines are in the same order.
    private final boolean[] ipv4;
    private final int[] older;
    private final int[] younger;
    private final int[] oldest = {NONE, NONE};
    private final int[] youngest = {NONE, NONE};
    private final long[] arrival;
    private long arrivals;

    private final int[] free;
    private int freeCount;
    private int count;

    private final long[] key = new long[KEY_WORDS];
    private int keyBucket;

    FragmentedPackets(int limit, long seed) {
        this.seed = seed;
        buckets = new int[Integer.highestOneBit(Math.max(limit, 1)) << 1];
        Arrays.fill(buckets, NONE);
        nextInBucket = new int[limit];
        bucket = new int[limit];
        keys = new long[limit * KEY_WORDS];
        deadlineNs = new long[limit];
        first = new int[limit];
        last = new int[limit];
        fragments = new int[limit];
        received = new int[limit];
        total = new int[limit];
        ipv4 = new boolean[limit];
        older = new int[limit];
        younger = new int[limit];
        arrival = new long[limit];
        free = new int[limit];
        for (int packet = limit - 1; packet >= 0; packet--) {
            free[freeCount++] = packet;
        }
    }

    /** Returns the number of packets that can be found. */
    int count() {
        return count;
    }

    boolean isFull() {
        return freeCount == 0;
    }

    /** Sets the key that {@link #find} and {@link #add} are about. */
    void key(long sourceHi, long sourceLo, long destinationHi, long destinationLo, long identification, long link) {
        key[0] = sourceHi;
        key[1] = sourceLo;
        key[2] = destinationHi;
        key[3] = destinationLo;
        key[4] = identification;
        key[5] = link;
        long hash = seed;
        for (long word : key) {
            hash = (hash ^ word) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 32;
        }
        keyBucket = (int) hash & buckets.length - 1;
    }

    int find() {
        for (int packet = buckets[keyBucket]; packet != NONE; packet = nextInBucket[packet]) {
            int from = packet * KEY_WORDS;
            if (Arrays.equals(keys, from, from + KEY_WORDS, key, 0, KEY_WORDS)) {
                return packet;
            }
        }
        return NONE;
    }

    /** Enters a packet without fragments; there must be a free number. */
    int add(boolean isIpv4, long deadline) {
        int packet = free[--freeCount];
        System.arraycopy(key, 0, keys, packet * KEY_WORDS, KEY_WORDS);
        deadlineNs[packet] = deadline;
        first[packet] = NONE;
        last[packet] = NONE;
        fragments[packet] = 0;
        received[packet] = 0;
        total[packet] = NONE;
        ipv4[packet] = isIpv4;
        arrival[packet] = arrivals++;
        bucket[packet] = keyBucket;
        nextInBucket[packet] = buckets[keyBucket];
        buckets[keyBucket] = packet;
        int family = isIpv4 ? 0 : 1;
        older[packet] = youngest[family];
        younger[packet] = NONE;
        if (youngest[family] == NONE) {
            oldest[family] = packet;
        } else {
            younger[youngest[family]] = packet;
        }
        youngest[family] = packet;
        count++;
        return packet;
    }

    /** Takes a packet out of sight; what is known of it stays until {@link #free}. */
    void remove(int packet) {
        int family = ipv4[packet] ? 0 : 1;
        if (older[packet] == NONE) {
            oldest[family] = younger[packet];
        } else {
            younger[older[packet]] = younger[packet];
        }
        if (younger[packet] == NONE) {
            youngest[family] = older[packet];
        } else {
            older[younger[packet]] = older[packet];
        }
        int at = buckets[bucket[packet]];
        if (at == packet) {
            buckets[bucket[packet]] = nextInBucket[packet];
        } else {
            while (nextInBucket[at] != packet) {
                at = nextInBucket[at];
            }
            nextInBucket[at] = nextInBucket[packet];
        }
        count--;
    }

    void free(int packet) {
        free[freeCount++] = packet;
    }

    /** Returns the packet whose first fragment came first, {@code -1} where there is none. */
    int oldest() {
        int a = oldest[0];
        int b = oldest[1];
        if (a == NONE || b == NONE) {
            return a == NONE ? b : a;
        }
        return arrival[a] < arrival[b] ? a : b;
    }

    /** Returns a packet whose deadline is over, {@code -1} where there is none. */
    int expired(long nowNs) {
        for (int packet : oldest) {
            if (packet != NONE && nowNs - deadlineNs[packet] > 0) {
                return packet;
            }
        }
        return NONE;
    }

    long deadlineNs(int packet) {
        return deadlineNs[packet];
    }

    /** Counts a fragment of {@code length} bytes in; {@code end} is the packet's length where the fragment tells it, else negative. */
    void grow(int packet, int length, int end) {
        fragments[packet]++;
        received[packet] += length;
        if (end >= 0) {
            total[packet] = end;
        }
    }

    boolean isComplete(int packet) {
        return received[packet] == total[packet];
    }

    int fragments(int packet) {
        return fragments[packet];
    }

    /** Returns the payload's length, negative where the last fragment is not there. */
    int total(int packet) {
        return total[packet];
    }

    /** Returns the fragment with the lowest offset. */
    int first(int packet) {
        return first[packet];
    }

    void first(int packet, int fragment) {
        first[packet] = fragment;
    }

    /** Returns the fragment with the highest offset. */
    int last(int packet) {
        return last[packet];
    }

    void last(int packet, int fragment) {
        last[packet] = fragment;
    }
}
