package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.packet.FiveTuple;

/**
 * Layout of a conntrack entry in native memory, host byte order: two cache lines, and a third for IPv6. An entry is known by its address, a
 * multiple of 64; {@link EntryTuple} reads its tuples. Offsets from there, bytes:
 *
 * <pre>
 *   0 original IPv4 addresses: source &lt;&lt; 32 | destination (long)      8 original ports: source &lt;&lt; 16 | destination (int)
 *  12 state word (int): protocol 0 to 7, protocol state 8 to 15, life 16 and 17 (0 free, 1 live, 2 dying), IPv6 18,
 *     NAT flags 20 and 21, status flags 24 and 25
 *  16 reply IPv4 addresses (long)      24 reply ports (int)
 *  28 address delta (short)   30 transport delta (short)
 *  32 service id (int)        36 backend id (int)
 *  40 last seen, ticks (int)  44 created, ticks (int); of a free entry the next one in its list
 *  48 TCP largest window of the original direction, of the reply direction (2 ints)   56 scale and flags of both (2 shorts)
 *     SCTP: verification tags of the original and the reply direction, flags (3 ints). Template: seconds (int); its backend is at 28 (int)
 *  60 upper 16 bits of the numbers of packets of both directions (2 shorts)
 *  64 packets of the original direction, lower 32 bits (int)   68 of the reply direction (int)
 *  72 bytes of the original direction, of the reply direction (2 longs)
 *  88 TCP original direction: end, max end (2 ints)    96 the same, reply direction
 * 104 TCP highest acknowledgment seen: original, reply (2 ints)
 * 112 last TCP segment: kind and window, sequence, acknowledgment, end (4 ints)
 * 128 IPv6 only: original source hi, lo, destination hi, lo (4 longs)   160 the same, reply
 * </pre>
 *
 * <p>What each packet of an established connection writes is in the second line; the first is read only, but for a store a tick and what changes seldom. So two
 * workers with packets of one connection take one line from each other, not two.
 *
 * <p>A tick is 2^20 ns. Tuples, deltas, ids, protocol and NAT flags are written before the entry is published and never change while it lives.
 * While it is published the state word is changed by CAS and atomic addition of flags only: no change of life, state or status is lost. The rest is updated by
 * whichever worker has a packet of the connection, with plain or opaque stores: two workers that race may lose a count, keep the older of
 * two window edges or mix two last segments, each of which the next packet mends; no word can tear, as all are aligned.
 */
public final class Entry {
    /** Bytes of an entry, by family. */
    public static final int IPV4_BYTES = 128;

    public static final int IPV6_BYTES = 192;

    static final int WORD = 12;
    static final int DELTAS = 28;
    static final int SERVICE = 32;
    static final int BACKEND = 36;
    static final int LAST_SEEN = 40;
    static final int CREATED = 44;
    static final int PACKETS = 64;
    static final int PACKETS_UPPER = 60;
    static final int TCP_LAST = 112;
    static final int BYTE_COUNTS = 72;
    static final int TCP_WINDOWS = 88;
    static final int TCP_WINDOW_BYTES = 8;
    static final int TCP_MAX_WINDOWS = 48;
    static final int TCP_FLAGS = 56;
    static final int TCP_MAX_ACK = 104;
    static final int TCP_LAST_SEGMENT = 116;
    static final int SCTP_TAGS = 48;
    static final int SCTP_FLAGS = 56;
    static final int TEMPLATE_SECONDS = 48;

    static final int FREE = 0;
    static final int LIVE = 1;
    static final int DYING = 2;

    static final int STATE_SHIFT = 8;
    static final int STATE_MASK = 0xFF << STATE_SHIFT;
    static final int LIFE_SHIFT = 16;
    static final int LIFE_MASK = 3 << LIFE_SHIFT;
    static final int IPV6 = 1 << 18;
    private static final int NAT_SHIFT = 20;
    private static final int STATUS_SHIFT = 24;
    /** What all words of live entries of a family and protocol have in common. */
    private static final int KIND_MASK = 0xFF | LIFE_MASK | IPV6;

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

    private static final int ESTABLISHED_MASK = 0xFF | STATE_MASK | (SEEN_REPLY | ASSURED) << STATUS_SHIFT;
    private static final int ESTABLISHED_TCP =
            FiveTuple.TCP | TcpState.ESTABLISHED << STATE_SHIFT | (SEEN_REPLY | ASSURED) << STATUS_SHIFT;

    /** A tick is so many ns, as a power of two. */
    private static final int TICK_SHIFT = 20;

    private Entry() {}

    /** Returns the time of the coarse clock that entries have: ticks, modulo 2^32. Only differences mean something, and those are signed. */
    static int tick(long nowNs) {
        return (int) (nowNs >> TICK_SHIFT);
    }

    /** Returns the ticks that are at least so long. */
    static long ticks(long ns) {
        return (ns >> TICK_SHIFT) + 1;
    }

    static int bytes(boolean ipv6) {
        return ipv6 ? IPV6_BYTES : IPV4_BYTES;
    }

    /** Writes all of a new entry but what is 0. */
    static void begin(long entry, boolean ipv6, ConntrackWorker arguments, int tick) {
        for (int at = 0; at < bytes(ipv6); at += 8) {
            NativeMemory.setLong(entry + at, 0);
        }
        EntryTuple.begin(entry, ipv6, arguments);
        NativeMemory.setInt(entry + DELTAS, arguments.deltas);
        NativeMemory.setInt(entry + SERVICE, arguments.serviceId);
        NativeMemory.setInt(entry + BACKEND, arguments.backendId);
        NativeMemory.setInt(entry + LAST_SEEN, tick);
        NativeMemory.setInt(entry + CREATED, tick);
        NativeMemory.setInt(entry + TEMPLATE_SECONDS, arguments.templateSeconds);
        NativeMemory.setInt(
                entry + WORD,
                FiveTuple.protocol(arguments.originalTransport) | (ipv6 ? IPV6 : 0) | arguments.natFlags << NAT_SHIFT);
    }

    /** Before any worker starts only. */
    static void ids(long entry, int serviceId, int backendId) {
        NativeMemory.setInt(entry + SERVICE, serviceId);
        NativeMemory.setInt(entry + BACKEND, backendId);
    }

    /** Returns the state word as a recent value: a loop that waits for it to change has a CAS in each turn. */
    static int word(long entry) {
        return NativeMemory.getInt(entry + WORD);
    }

    static int wordAcquire(long entry) {
        return NativeMemory.getIntAcquire(entry + WORD);
    }

    /** Returns whether a word is that of a live entry of IPv4 and a protocol. */
    static boolean isLiveIpv4(int word, int protocol) {
        return (word & KIND_MASK) == (protocol | LIVE << LIFE_SHIFT);
    }

    static boolean isLiveIpv6(int word, int protocol) {
        return (word & KIND_MASK) == (protocol | LIVE << LIFE_SHIFT | IPV6);
    }

    /** Returns whether two entries are of one family and protocol. */
    static boolean isSameKind(long entry, long other) {
        return ((word(entry) ^ word(other)) & (0xFF | IPV6)) == 0;
    }

    public static boolean isIpv4(long entry) {
        return (word(entry) & IPV6) == 0;
    }

    public static int protocol(long entry) {
        return protocolOf(word(entry));
    }

    static int protocolOf(int word) {
        return word & 0xFF;
    }

    public static int natFlags(long entry) {
        return word(entry) >>> NAT_SHIFT & 3;
    }

    /** Returns whether packets of the connection are rewritten. */
    public static boolean isTranslated(long entry) {
        return (word(entry) & TRANSLATED << NAT_SHIFT) != 0;
    }

    /** Returns the checksum delta of the addresses in the low half, that of the transport header in the high half; original direction. */
    public static int deltas(long entry) {
        return NativeMemory.getInt(entry + DELTAS);
    }

    static boolean isTemplate(long entry) {
        return protocol(entry) == AFFINITY_TEMPLATE;
    }

    /** Returns the backend of an {@link #AFFINITY_TEMPLATE}, which has no packets and so no deltas in this word. */
    public static int templateBackendId(long entry) {
        return NativeMemory.getInt(entry + DELTAS);
    }

    /** Returns how long an {@link #AFFINITY_TEMPLATE} lives after its last use, seconds. */
    public static int templateTimeoutSeconds(long entry) {
        return NativeMemory.getInt(entry + TEMPLATE_SECONDS);
    }

    public static int serviceId(long entry) {
        return NativeMemory.getInt(entry + SERVICE);
    }

    public static int backendId(long entry) {
        return NativeMemory.getInt(entry + BACKEND);
    }

    static int createdTick(long entry) {
        return NativeMemory.getInt(entry + CREATED);
    }

    static int lastSeenTick(long entry) {
        return NativeMemory.getInt(entry + LAST_SEEN);
    }

    static void lastSeenTick(long entry, int tick) {
        NativeMemory.setInt(entry + LAST_SEEN, tick);
    }

    /** Returns for how long an entry was not used, to 2^20 ns; below 0 where another worker's clock is ahead. */
    public static long idleNs(long entry, long nowNs) {
        return (long) (tick(nowNs) - lastSeenTick(entry)) << TICK_SHIFT;
    }

    /** Returns whether a word is that of a TCP connection with traffic both ways that nobody has begun to end. */
    static boolean isEstablishedTcp(int word) {
        return (word & ESTABLISHED_MASK) == ESTABLISHED_TCP;
    }

    /** As {@link #isEstablishedTcp}, of a live entry. */
    static boolean isEstablishedLiveTcp(int word) {
        return (word & (ESTABLISHED_MASK | LIFE_MASK)) == (ESTABLISHED_TCP | LIVE << LIFE_SHIFT);
    }

    static int stateOf(int word) {
        return (word & STATE_MASK) >>> STATE_SHIFT;
    }

    static int lifeOf(int word) {
        return (word & LIFE_MASK) >>> LIFE_SHIFT;
    }

    /** Returns whether there is a connection, or a template. */
    static boolean isLive(long entry) {
        return lifeOf(wordAcquire(entry)) == LIVE;
    }

    /** Returns whether an entry is that of a UDP connection that {@link Conntrack#makeStale} was done to. */
    public static boolean isStale(long entry) {
        return protocol(entry) == FiveTuple.UDP && state(entry) == UdpTracker.STALE;
    }

    /** Returns whether an entry is being removed. */
    static boolean isLeaving(long entry) {
        int word = wordAcquire(entry);
        return lifeOf(word) == DYING || stateOf(word) == GONE;
    }

    static int statusOf(int word) {
        return word >>> STATUS_SHIFT & 3;
    }

    public static int state(long entry) {
        return stateOf(word(entry));
    }

    /** Returns whether the state was {@code old}; it is {@code next} then. */
    static boolean changeState(long entry, int old, int next) {
        while (true) { // ends: each further turn means that another thread changed the word
            int word = word(entry);
            if (stateOf(word) != old) {
                return false;
            }
            if (replace(entry, word, word & ~STATE_MASK | next << STATE_SHIFT)) {
                return true;
            }
        }
    }

    public static int status(long entry) {
        return statusOf(word(entry));
    }

    static void addStatus(long entry, int flags) {
        if ((status(entry) & flags) != flags) {
            int _ = NativeMemory.getAndBitwiseOrInt(entry + WORD, flags << STATUS_SHIFT);
        }
    }

    /**
     * Publishes a new entry, or makes one free that is in no index any more. By its creator or remover: no other thread changes the life then,
     * and what it adds to the status of an entry that is gone does not matter.
     */
    static void lifeRelease(long entry, int life) {
        NativeMemory.setIntRelease(entry + WORD, word(entry) & ~LIFE_MASK | life << LIFE_SHIFT);
    }

    /**
     * The thread for which this succeeds removes the entry, and ends the sequence of its states.
     *
     * @return the last state, {@link #GONE} where another thread removes it or there is nothing to remove
     */
    static int beginRemoval(long entry) {
        while (true) {
            int word = word(entry);
            if (lifeOf(word) != LIVE) {
                return GONE;
            }
            if (replace(entry, word, word & ~LIFE_MASK | DYING << LIFE_SHIFT | GONE << STATE_SHIFT)) {
                return stateOf(word);
            }
        }
    }

    private static boolean replace(long entry, int old, int word) {
        return NativeMemory.compareAndSetInt(entry + WORD, old, word);
    }

    static int link(long entry) {
        return NativeMemory.getIntOpaque(entry + CREATED);
    }

    static void link(long entry, int next) {
        NativeMemory.setIntOpaque(entry + CREATED, next);
    }

    static void count(long entry, int direction, int bytes) {
        long at = entry + PACKETS + direction * 4L;
        int packets = NativeMemory.getInt(at) + 1;
        NativeMemory.setInt(at, packets);
        if (packets == 0) {
            carry(entry, direction);
        }
        at = entry + BYTE_COUNTS + direction * 8L;
        NativeMemory.setLong(at, NativeMemory.getLong(at) + bytes);
    }

    private static void carry(long entry, int direction) {
        long at = entry + PACKETS_UPPER + direction * 2L;
        NativeMemory.setShort(at, NativeMemory.getShort(at) + 1);
    }

    /** Returns packets of a direction, modulo 2^48, from any process. */
    public static long packets(long entry, int direction) {
        return (long) NativeMemory.getShort(entry + PACKETS_UPPER + direction * 2L) << 32
                | Integer.toUnsignedLong(NativeMemory.getIntOpaque(entry + PACKETS + direction * 4L));
    }

    public static long bytes(long entry, int direction) {
        return NativeMemory.getLongOpaque(entry + BYTE_COUNTS + direction * 8L);
    }
}
