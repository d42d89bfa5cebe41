package io.towpath.conntrack;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Layout of a conntrack entry: four cache lines of native memory, host byte order. Offsets from the entry's start, bytes.
 *
 * <pre>
 *   0 original tuple: source hi, lo, destination hi, lo, transport (5 longs)
 *  40 life (int: 0 free, 1 live, 2 dying)   44 NAT flags (int)
 *  48 address delta (short)  50 transport delta (short)  52 service id (int)  56 backend id (int)  60 free-list link (int)
 *  64 reply tuple (5 longs)                104 created, ns
 * 128 last seen, ns                        136 protocol state (int)   140 status flags (int)
 * 144 TCP original direction: end, max end, max window, scale and flags (4 ints)   160 the same, reply direction
 *     SCTP: verification tags of the original and the reply direction, flags (3 ints)
 * 176 highest acknowledgment seen: original, reply (2 ints)
 * 192 packets, bytes of the original direction; packets, bytes of the reply direction (4 longs)
 * 224 last TCP segment: kind and window, sequence, acknowledgment, end (4 ints)
 * </pre>
 *
 * <p>Tuples, deltas, ids and NAT flags are written before the entry is published and never change while it lives. Life and protocol state
 * change by CAS only, status flags are only added, atomically: none of these changes is lost. The rest is updated by whichever worker has a packet of the connection, with plain or opaque stores: two workers that race may
 * lose a count, keep the older of two window edges or mix two last segments, each of which the next packet mends; no word can tear, as all
 * are aligned.
 */
public final class Entry {
    public static final int BYTES = 256;
    public static final int REPLY_TUPLE = 64;

    static final int LIFE = 40;
    static final int NAT_FLAGS = 44;
    static final int DELTAS = 48;
    static final int SERVICE = 52;
    static final int BACKEND = 56;
    static final int LINK = 60;
    static final int CREATED = 104;
    static final int LAST_SEEN = 128;
    static final int STATE = 136;
    static final int STATUS = 140;
    static final int TCP_ORIGINAL = 144;
    static final int TCP_REPLY = 160;
    static final int SCTP_TAGS = 144;
    static final int SCTP_FLAGS = 152;
    static final int TCP_MAX_ACK = 176;
    static final int COUNTERS = 192;
    static final int TCP_LAST = 224;

    static final int FREE = 0;
    static final int LIVE = 1;
    static final int DYING = 2;

    /** NAT flag: packets of the connection are rewritten. */
    public static final int TRANSLATED = 1;
    /** NAT flag: the source is masqueraded, or its port was changed. */
    public static final int SOURCE_TRANSLATED = 2;

    /** Status: a packet of the reply direction was seen. */
    public static final int SEEN_REPLY = 1;
    /** Status: traffic in both directions; not evicted when the table is full. */
    public static final int ASSURED = 2;

    /**
     * Protocol of a session affinity template, an entry that stands for a client's memory of a backend (see docs/memory-layout.md). IANA
     * reserves 255, so no packet's five-tuple has it.
     */
    public static final int AFFINITY_TEMPLATE = 255;

    /** Protocol state of an entry that is being removed: no protocol's state, and none follows. */
    static final int GONE = 0xFF;

    private static final VarHandle INT = JAVA_INT.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private Entry() {}

    /** Returns where the tuple of a direction (0 original, 1 reply) begins. */
    static long tuple(long entry, int direction) {
        return entry + (long) direction * REPLY_TUPLE;
    }

    static boolean isTuple(
            MemorySegment entries,
            long tuple,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long transport) {
        return entries.get(JAVA_LONG, tuple + 32) == transport
                && entries.get(JAVA_LONG, tuple + 8) == sourceLo
                && entries.get(JAVA_LONG, tuple + 24) == destinationLo
                && entries.get(JAVA_LONG, tuple) == sourceHi
                && entries.get(JAVA_LONG, tuple + 16) == destinationHi;
    }

    static void tuple(
            MemorySegment entries,
            long tuple,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long transport) {
        entries.set(JAVA_LONG, tuple, sourceHi);
        entries.set(JAVA_LONG, tuple + 8, sourceLo);
        entries.set(JAVA_LONG, tuple + 16, destinationHi);
        entries.set(JAVA_LONG, tuple + 24, destinationLo);
        entries.set(JAVA_LONG, tuple + 32, transport);
    }

    static void rewrite(
            MemorySegment entries, long entry, int natFlags, int deltas, int serviceId, int backendId, long nowNs) {
        entries.set(JAVA_INT, entry + NAT_FLAGS, natFlags);
        entries.set(JAVA_INT, entry + DELTAS, deltas);
        entries.set(JAVA_INT, entry + SERVICE, serviceId);
        entries.set(JAVA_INT, entry + BACKEND, backendId);
        entries.set(JAVA_LONG, entry + CREATED, nowNs);
        entries.set(JAVA_LONG, entry + LAST_SEEN, nowNs);
    }

    /** Before any worker starts only. */
    static void ids(MemorySegment entries, long entry, int serviceId, int backendId) {
        entries.set(JAVA_INT, entry + SERVICE, serviceId);
        entries.set(JAVA_INT, entry + BACKEND, backendId);
    }

    static long createdNs(MemorySegment entries, long entry) {
        return entries.get(JAVA_LONG, entry + CREATED);
    }

    /** First word of a tuple that starts at {@code tuple}; the others follow. */
    public static long sourceHi(MemorySegment entries, long tuple) {
        return entries.get(JAVA_LONG, tuple);
    }

    public static long sourceLo(MemorySegment entries, long tuple) {
        return entries.get(JAVA_LONG, tuple + 8);
    }

    public static long destinationHi(MemorySegment entries, long tuple) {
        return entries.get(JAVA_LONG, tuple + 16);
    }

    public static long destinationLo(MemorySegment entries, long tuple) {
        return entries.get(JAVA_LONG, tuple + 24);
    }

    public static long transport(MemorySegment entries, long tuple) {
        return entries.get(JAVA_LONG, tuple + 32);
    }

    public static int natFlags(MemorySegment entries, long entry) {
        return entries.get(JAVA_INT, entry + NAT_FLAGS);
    }

    /** Returns the checksum delta of the addresses in the low half, that of the transport header in the high half; original direction. */
    public static int deltas(MemorySegment entries, long entry) {
        return entries.get(JAVA_INT, entry + DELTAS);
    }

    static boolean isTemplate(MemorySegment entries, long entry) {
        return (transport(entries, entry) & 0xFF) == AFFINITY_TEMPLATE;
    }

    /** Returns the backend of an {@link #AFFINITY_TEMPLATE}, which has no packets and so no deltas in this word. */
    public static int templateBackendId(MemorySegment entries, long entry) {
        return entries.get(JAVA_INT, entry + DELTAS);
    }

    /** Returns how long an {@link #AFFINITY_TEMPLATE} lives after its last use, seconds; it is not translated and so has no NAT flags. */
    public static int templateTimeoutSeconds(MemorySegment entries, long entry) {
        return entries.get(JAVA_INT, entry + NAT_FLAGS);
    }

    public static int serviceId(MemorySegment entries, long entry) {
        return entries.get(JAVA_INT, entry + SERVICE);
    }

    public static int backendId(MemorySegment entries, long entry) {
        return entries.get(JAVA_INT, entry + BACKEND);
    }

    public static int state(MemorySegment entries, long entry) {
        return (int) INT.getOpaque(entries, entry + STATE);
    }

    /** Returns whether the state was {@code old}; it is {@code next} then. */
    static boolean changeState(MemorySegment entries, long entry, int old, int next) {
        return INT.compareAndSet(entries, entry + STATE, old, next);
    }

    /** Ends the sequence of states and returns the last one. For the thread that won {@link #beginRemoval}. */
    static int endState(MemorySegment entries, long entry) {
        return (int) INT.getAndSet(entries, entry + STATE, GONE);
    }

    public static int status(MemorySegment entries, long entry) {
        return (int) INT.getOpaque(entries, entry + STATUS);
    }

    static void addStatus(MemorySegment entries, long entry, int flags) {
        if ((status(entries, entry) & flags) != flags) {
            int _ = (int) INT.getAndBitwiseOr(entries, entry + STATUS, flags);
        }
    }

    public static long lastSeenNs(MemorySegment entries, long entry) {
        return (long) LONG.getOpaque(entries, entry + LAST_SEEN);
    }

    static void lastSeenNs(MemorySegment entries, long entry, long nowNs) {
        LONG.setOpaque(entries, entry + LAST_SEEN, nowNs);
    }

    static int lifeAcquire(MemorySegment entries, long entry) {
        return (int) INT.getAcquire(entries, entry + LIFE);
    }

    static void lifeRelease(MemorySegment entries, long entry, int life) {
        INT.setRelease(entries, entry + LIFE, life);
    }

    /** The thread for which this succeeds removes the entry. */
    static boolean beginRemoval(MemorySegment entries, long entry) {
        return INT.compareAndSet(entries, entry + LIFE, LIVE, DYING);
    }

    static int link(MemorySegment entries, long entry) {
        return (int) INT.getOpaque(entries, entry + LINK);
    }

    static void link(MemorySegment entries, long entry, int next) {
        INT.setOpaque(entries, entry + LINK, next);
    }

    static void count(MemorySegment entries, long entry, int direction, int bytes) {
        long at = entry + COUNTERS + direction * 16L;
        LONG.setOpaque(entries, at, entries.get(JAVA_LONG, at) + 1);
        LONG.setOpaque(entries, at + 8, entries.get(JAVA_LONG, at + 8) + bytes);
    }

    /** Returns packets of a direction, from any process. */
    public static long packets(MemorySegment entries, long entry, int direction) {
        return (long) LONG.getOpaque(entries, entry + COUNTERS + direction * 16L);
    }

    public static long bytes(MemorySegment entries, long entry, int direction) {
        return (long) LONG.getOpaque(entries, entry + COUNTERS + direction * 16L + 8);
    }
}
