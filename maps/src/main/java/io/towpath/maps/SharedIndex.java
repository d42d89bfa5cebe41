package io.towpath.maps;

import io.towpath.linux.NativeMemory;
import java.util.function.IntToLongFunction;

/**
 * A hash index that any thread may read and write without locks. It maps hashes to references (small positive ints, for instance entry
 * numbers); keys live with what is referred to.
 *
 * <p>Buckets are cache lines of eight words; a hash has two candidate buckets, so there are no probe chains and a removal leaves nothing
 * behind. A reference goes to its first bucket until that is three quarters full, then to the emptier of the two: with five references a
 * bucket, which is what an index has room for, 9 in 100 are in their second bucket and 2 in a million find none where it is filled once; 28
 * in 100 and 130 in a million where it stays full while references come and go (simulated). A word is {@code tag << 32 | pending << 31 |
 * reference}, 0 when free. The tag is the lower half of the hash.
 *
 * <p><b>One reference per key, whatever the race.</b> An inserter (1) claims a free slot by CAS with the pending bit set, (2) scans both
 * buckets, (3) confirms by CAS. A confirmed word with its key makes it give up its claim; another pending one is killed by CAS to 0 (or
 * yields, by position, so that two do not kill each other for ever). Of two inserters of a key the one whose claim is later sees the
 * other's word in its scan, as CAS and the scan's loads are totally ordered. It finds it confirmed, and loses; or still pending, and then
 * either retracts itself or kills it, upon which the other's confirming CAS fails. So never are both confirmed.
 *
 * <p>What a reference refers to must be complete before {@link #insert} and must not be reused before all threads passed a quiescent point
 * after {@link #remove}.
 */
public final class SharedIndex {
    /** Slots of a bucket. */
    public static final int BUCKET_SLOTS = 8;

    /** {@link #insert}: both buckets are full. */
    public static final int FULL = -1;
    /** {@link #insert}: other inserters of the key got in the way too often. */
    public static final int CONTENDED = -2;

    static final int LAYOUT_VERSION = 2;
    static final int BUCKET_BYTES = 64;

    /** References for which there is a bucket. */
    private static final int BUCKET_SHARE = 5;
    /** References in a first bucket from which on the second is looked at. */
    private static final int CROWDED = 6;
    /** Odd, without pattern: the golden ratio's. */
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private static final long PENDING = 1L << 31;
    private static final long REFERENCE_MASK = PENDING - 1;
    private static final int ATTEMPTS_LIMIT = 16;
    /** From this attempt on a pending rival is killed whatever its position: its thread may not be running. */
    private static final int PATIENT_ATTEMPTS = 4;

    private final long data;
    private final long buckets;

    /** Compares the keys that two references stand for. */
    @FunctionalInterface
    public interface Keys {
        boolean same(int reference, int otherReference);
    }

    private SharedIndex(MapRegion region) {
        this.data = region.data().address();
        this.buckets = region.spec().capacity();
    }

    /**
     * Creates an empty index.
     *
     * @param references to hold at most
     */
    public static SharedIndex create(MapStore store, String name, long references) {
        long buckets = Math.max(2, (references + BUCKET_SHARE - 1) / BUCKET_SHARE);
        return new SharedIndex(store.create(new MapSpec(
                name, MapKind.SHARED_INDEX, LAYOUT_VERSION, BUCKET_BYTES, buckets, buckets * BUCKET_BYTES)));
    }

    /** Returns the address of the first candidate bucket. */
    public long firstBucket(long hash) {
        return data + firstNumber(hash) * BUCKET_BYTES;
    }

    /** Returns the address of the second candidate bucket, which is never the first. */
    public long secondBucket(long hash) {
        long number = (hash * MIX >>> 32) * (buckets - 1) >>> 32;
        return data + (number < firstNumber(hash) ? number : number + 1) * BUCKET_BYTES;
    }

    private long firstNumber(long hash) {
        return (hash >>> 32) * buckets >>> 32;
    }

    /**
     * Returns the next confirmed reference with the hash's tag in a bucket, as {@code slot << 32 | reference}; negative where there is none.
     * What it refers to must have a word of its own, read with acquire, that tells whether it is complete: the order of the index is none.
     *
     * @param fromSlot 0 to {@link #BUCKET_SLOTS}
     */
    public long next(long bucket, long hash, int fromSlot) {
        for (int slot = fromSlot; slot < BUCKET_SLOTS; slot++) {
            long word = NativeMemory.getLong(bucket + slot * 8L);
            if (isConfirmed(word, hash)) {
                return (long) slot << 32 | word & REFERENCE_MASK;
            }
        }
        return -1;
    }

    /** As {@link #next}, the first one, by itself; 0 where there is none. */
    public int first(long bucket, long hash) {
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            long word = NativeMemory.getLong(bucket + slot * 8L);
            if (isConfirmed(word, hash)) {
                return (int) word;
            }
        }
        return 0;
    }

    /** Returns whether a word has the hash's tag and a reference, which is neither 0 nor, as an int, negative by {@link #PENDING}. */
    private static boolean isConfirmed(long word, long hash) {
        return (int) (word >>> 32) == (int) hash && (int) word > 0;
    }

    /**
     * Inserts a reference unless its key is present.
     *
     * @return 0 if inserted, the reference that has the key, {@link #FULL} or {@link #CONTENDED}
     */
    public int insert(long hash, int reference, Keys keys) {
        long word = hash << 32 | reference;
        long first = firstBucket(hash);
        long second = secondBucket(hash);
        for (int attempt = 0; attempt < ATTEMPTS_LIMIT; attempt++) {
            long claim = claim(first, second, word | PENDING);
            if (claim == 0) {
                return FULL;
            }
            int rival = isAlone(first, second, word >>> 32)
                    ? 0
                    : contest(first, second, claim, word, keys, attempt < PATIENT_ATTEMPTS);
            if (rival != 0) {
                NativeMemory.compareAndSetLong(claim, word | PENDING, 0); // fails only if a rival killed it
                if (rival > 0) {
                    return rival;
                }
            } else if (NativeMemory.compareAndSetLong(claim, word | PENDING, word)) {
                return 0;
            }
            Thread.onSpinWait();
        }
        return CONTENDED;
    }

    /** Returns the slot's address, 0 where there is none. */
    private static long claim(long first, long second, long pendingWord) {
        long bucket = first;
        int free = free(first);
        if (Integer.bitCount(free) <= BUCKET_SLOTS - CROWDED) {
            int secondFree = free(second);
            if (Integer.bitCount(secondFree) > Integer.bitCount(free)) {
                bucket = second;
                free = secondFree;
            }
        }
        long claim = claim(bucket, free, pendingWord);
        if (claim != 0) {
            return claim;
        }
        long other = bucket == first ? second : first;
        return claim(other, free(other), pendingWord);
    }

    private static long claim(long bucket, int slots, long pendingWord) {
        for (int free = slots; free != 0; free &= free - 1) {
            long at = bucket + Integer.numberOfTrailingZeros(free) * 8L;
            if (NativeMemory.compareAndSetLong(at, 0, pendingWord)) {
                return at;
            }
        }
        return 0;
    }

    /** Returns a bit for each free slot. */
    private static int free(long bucket) {
        return with(bucket, 0);
    }

    /** Returns a bit for each slot that has a word. Which one that is depends on chance, so nothing here branches. */
    private static int with(long bucket, long word) {
        long line = NativeMemory.known(bucket);
        long others = 0;
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            long difference = NativeMemory.getLongOpaque(line + slot * 8L) ^ word;
            others |= (difference | -difference) >>> 63 << slot;
        }
        return (int) others ^ (1 << BUCKET_SLOTS) - 1;
    }

    /**
     * Returns whether no other word has a claim's tag. That the claim itself may have been killed changes nothing: then it cannot be confirmed
     * either.
     */
    private static boolean isAlone(long first, long second, long tag) {
        return count(first, tag) + count(second, tag) == 1;
    }

    /** Returns how many words of a bucket have a tag. */
    private static long count(long bucket, long tag) {
        long line = NativeMemory.known(bucket);
        long count = 0;
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            count += (NativeMemory.getLongVolatile(line + slot * 8L) >>> 32 ^ tag) - 1 >>> 63;
        }
        return count;
    }

    /** As the one of a single bucket, for both. */
    private static int contest(long first, long second, long claim, long word, Keys keys, boolean patient) {
        int rival = contest(first, claim, word, keys, patient);
        return rival != 0 ? rival : contest(second, claim, word, keys, patient);
    }

    /** Returns 0 if the claim stands against a bucket, the confirmed reference that has the key, or -1 if the claim must yield. */
    private static int contest(long bucket, long claim, long word, Keys keys, boolean patient) {
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            long at = bucket + slot * 8L;
            while (at != claim) { // ends: each further turn means that the slot's word changed
                long other = NativeMemory.getLongVolatile(at);
                if (other >>> 32 != word >>> 32
                        || other == 0
                        || !keys.same((int) (word & REFERENCE_MASK), (int) (other & REFERENCE_MASK))) {
                    break;
                }
                if ((other & PENDING) == 0) {
                    return (int) (other & REFERENCE_MASK);
                }
                if (patient && at < claim) {
                    return -1;
                }
                NativeMemory.compareAndSetLong(at, other, 0);
            }
        }
        return 0;
    }

    /**
     * Makes room for a hash by the move of a reference from one of its buckets to that reference's other one. For a table that is filled
     * anew, in an order of its own: while only one thread uses the index.
     *
     * @param hashes of the references in it
     * @return false if none can move
     */
    public boolean makeRoom(long hash, IntToLongFunction hashes) {
        return moveFrom(firstBucket(hash), hashes) || moveFrom(secondBucket(hash), hashes);
    }

    private boolean moveFrom(long bucket, IntToLongFunction hashes) {
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            long at = bucket + slot * 8L;
            long word = NativeMemory.getLong(at);
            long hash = hashes.applyAsLong((int) (word & REFERENCE_MASK));
            long first = firstBucket(hash);
            long other = first == bucket ? secondBucket(hash) : first;
            long moved = claim(other, free(other), word);
            if (moved != 0) {
                NativeMemory.setLong(at, 0);
                return true;
            }
        }
        return false;
    }

    /** Removes a confirmed reference. Returns false if it is not there. */
    public boolean remove(long hash, int reference) {
        long word = hash << 32 | reference;
        return removeFrom(firstBucket(hash), word) || removeFrom(secondBucket(hash), word);
    }

    private static boolean removeFrom(long bucket, long word) {
        long slot = slot(bucket, word);
        return slot != 0 && NativeMemory.compareAndSetLong(slot, word, 0);
    }

    /** Returns the address of the slot of a bucket that has a reference, confirmed; 0 where none has. */
    public long slot(long bucket, long hash, int reference) {
        return slot(bucket, hash << 32 | reference);
    }

    private static long slot(long bucket, long word) {
        int slots = with(bucket, word);
        return slots == 0 ? 0 : bucket + Integer.numberOfTrailingZeros(slots) * 8L;
    }

    /** Removes a confirmed reference from a slot. Returns false if it is not there. */
    public boolean removeAt(long slot, int reference) {
        long word = NativeMemory.getLongOpaque(slot);
        return (int) word == reference && NativeMemory.compareAndSetLong(slot, word, 0);
    }
}
