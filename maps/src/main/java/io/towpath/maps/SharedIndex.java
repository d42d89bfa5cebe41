package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.IntToLongFunction;

/**
 * A hash index that any thread may read and write without locks. It maps hashes to references (small positive ints, for instance entry
 * numbers); keys live with what is referred to.
 *
 * <p>Buckets are cache lines of eight words; a hash has two candidate buckets, so there are no probe chains and a removal leaves nothing
 * behind. A word is {@code tag << 32 | pending << 31 | reference}, 0 when free. The tag is the upper half of the hash.
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

    static final int LAYOUT_VERSION = 1;
    static final int BUCKET_BYTES = 64;

    private static final long PENDING = 1L << 31;
    private static final long REFERENCE_MASK = PENDING - 1;
    private static final int ATTEMPTS_LIMIT = 16;
    /** From this attempt on a pending rival is killed whatever its position: its thread may not be running. */
    private static final int PATIENT_ATTEMPTS = 4;

    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final MemorySegment data;
    private final long bucketMask;

    /** Compares the keys that two references stand for. */
    @FunctionalInterface
    public interface Keys {
        boolean same(int reference, int otherReference);
    }

    private SharedIndex(MemorySegment data) {
        this.data = data;
        this.bucketMask = data.byteSize() / BUCKET_BYTES - 1;
    }

    /**
     * Creates an empty index.
     *
     * @param references to hold at most; buckets are made for twice as many, so that an insertion finds room
     */
    public static SharedIndex create(MapStore store, String name, long references) {
        long buckets = Math.max(2, Long.highestOneBit(2 * references / BUCKET_SLOTS - 1) << 1);
        return new SharedIndex(store.create(new MapSpec(
                        name, MapKind.SHARED_INDEX, LAYOUT_VERSION, BUCKET_BYTES, buckets, buckets * BUCKET_BYTES))
                .data());
    }

    /** Returns the offset of the first candidate bucket. */
    public long firstBucket(long hash) {
        return (hash & bucketMask) * BUCKET_BYTES;
    }

    /** Returns the offset of the second candidate bucket, which is never the first. */
    public long secondBucket(long hash) {
        return ((hash ^ hash >>> 32 | 1) & bucketMask ^ hash & bucketMask) * BUCKET_BYTES;
    }

    /** Loads a word of the first bucket, so that the line is on its way before it is needed. */
    public long touch(long hash) {
        return data.get(JAVA_LONG, firstBucket(hash));
    }

    /**
     * Returns the next confirmed reference with the hash's tag in a bucket, as {@code slot << 32 | reference}; negative where there is none.
     *
     * @param fromSlot 0 to {@link #BUCKET_SLOTS}
     */
    public long next(long bucket, long hash, int fromSlot) {
        long tag = hash >>> 32;
        for (int slot = fromSlot; slot < BUCKET_SLOTS; slot++) {
            long word = (long) LONG.getAcquire(data, bucket + slot * 8L);
            if (word >>> 32 == tag && word != 0 && (word & PENDING) == 0) {
                return (long) slot << 32 | word & REFERENCE_MASK;
            }
        }
        return -1;
    }

    /**
     * Inserts a reference unless its key is present.
     *
     * @return 0 if inserted, the reference that has the key, {@link #FULL} or {@link #CONTENDED}
     */
    public int insert(long hash, int reference, Keys keys) {
        long word = hash >>> 32 << 32 | reference;
        long first = firstBucket(hash);
        long second = secondBucket(hash);
        for (int attempt = 0; attempt < ATTEMPTS_LIMIT; attempt++) {
            long claim = claim(first, word | PENDING);
            claim = claim < 0 ? claim(second, word | PENDING) : claim;
            if (claim < 0) {
                return FULL;
            }
            boolean patient = attempt < PATIENT_ATTEMPTS;
            int rival = contest(first, claim, word, keys, patient);
            rival = rival == 0 ? contest(second, claim, word, keys, patient) : rival;
            if (rival != 0) {
                LONG.compareAndSet(data, claim, word | PENDING, 0L); // fails only if a rival killed it
                if (rival > 0) {
                    return rival;
                }
            } else if (LONG.compareAndSet(data, claim, word | PENDING, word)) {
                return 0;
            }
            Thread.onSpinWait();
        }
        return CONTENDED;
    }

    private long claim(long bucket, long pendingWord) {
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            long at = bucket + slot * 8L;
            if ((long) LONG.getVolatile(data, at) == 0 && LONG.compareAndSet(data, at, 0L, pendingWord)) {
                return at;
            }
        }
        return -1;
    }

    /** Returns 0 if the claim stands against a bucket, the confirmed reference that has the key, or -1 if the claim must yield. */
    private int contest(long bucket, long claim, long word, Keys keys, boolean patient) {
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            long at = bucket + slot * 8L;
            while (at != claim) { // ends: each further turn means that the slot's word changed
                long other = (long) LONG.getVolatile(data, at);
                if (other == 0
                        || other >>> 32 != word >>> 32
                        || !keys.same((int) (word & REFERENCE_MASK), (int) (other & REFERENCE_MASK))) {
                    break;
                }
                if ((other & PENDING) == 0) {
                    return (int) (other & REFERENCE_MASK);
                }
                if (patient && at < claim) {
                    return -1;
                }
                LONG.compareAndSet(data, at, other, 0L);
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
            long word = data.get(JAVA_LONG, at);
            long hash = hashes.applyAsLong((int) (word & REFERENCE_MASK));
            long first = firstBucket(hash);
            long moved = claim(first == bucket ? secondBucket(hash) : first, word);
            if (moved >= 0) {
                data.set(JAVA_LONG, at, 0L);
                return true;
            }
        }
        return false;
    }

    /** Removes a confirmed reference. Returns false if it is not there. */
    public boolean remove(long hash, int reference) {
        long word = hash >>> 32 << 32 | reference;
        return removeFrom(firstBucket(hash), word) || removeFrom(secondBucket(hash), word);
    }

    private boolean removeFrom(long bucket, long word) {
        for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
            if (LONG.compareAndSet(data, bucket + slot * 8L, word, 0L)) {
                return true;
            }
        }
        return false;
    }
}
