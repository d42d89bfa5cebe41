package io.towpath.packet;

import io.towpath.linux.NativeMemory;
import io.towpath.wire.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The frames of one burst and their parsed fields: a record of two cache lines for each frame, in native memory. A worker has one burst and
 * fills it anew each time; later stages read what earlier ones wrote. Index {@code i} is a frame, {@code 0 <= i < count}.
 *
 * <p>Offsets of headers are in bytes, into {@link #frames}, below 2^32. Addresses and the transport word are as in
 * {@link io.towpath.wire.Address} and {@link FiveTuple}.
 *
 * <p>Why not arrays: each would have its reference loaded and its bounds checked for each field of each frame. An index is cut to
 * {@link #LIMIT} instead, so that no index leads out of the records, and the compiler knows it.
 */
public final class Burst {
    /** Frames in a burst at most: enough for loads to overlap, small enough that the records stay in the L1 cache. A power of two. */
    public static final int LIMIT = 64;

    private static final int RECORD_BYTES = 128;

    private static final int SOURCE_HI = 0;
    private static final int SOURCE_LO = 8;
    private static final int DESTINATION_HI = 16;
    private static final int DESTINATION_LO = 24;
    private static final int TRANSPORT = 32;
    private static final int TARGET_HI = 40;
    private static final int TARGET_LO = 48;
    private static final int HASH = 56;
    private static final int HANDLE = 64;
    private static final int L2 = 72;
    private static final int L3 = 76;
    private static final int L4 = 80;
    private static final int L4_LENGTH = 84;
    private static final int LENGTH = 88;
    private static final int KIND = 92;
    private static final int BUFFER = 96;
    private static final int INGRESS = 100;
    private static final int REASON = 104;
    private static final int LONGEST_FRAGMENT = 108;

    /** Native memory that all frames of the burst lie in. */
    public final MemorySegment frames;

    public int count;
    /** How many of the frames are {@link FlowKind#FRAGMENT}s as they came in. */
    public int fragments;

    /** Held so that the memory lives as long as this does. */
    @SuppressWarnings("unused")
    private final MemorySegment records;

    private final long address;

    public Burst(MemorySegment frames) {
        if (!frames.isNative()) {
            throw new IllegalArgumentException("frames must be native memory");
        }
        this.frames = frames;
        this.records = Arena.ofAuto().allocate((long) LIMIT * RECORD_BYTES, RECORD_BYTES);
        this.address = records.address();
    }

    private long record(int i) {
        return NativeMemory.known(address) + (long) (i & LIMIT - 1) * RECORD_BYTES;
    }

    /** Appends a frame. The caller keeps {@code count} below {@link #LIMIT}. */
    public void add(int port, int bufferNumber, long frameL2, int frameLength) {
        if (count == LIMIT) {
            throw new IllegalStateException("the burst has all of its " + LIMIT + " frames");
        }
        int i = count++;
        ingress(i, port);
        buffer(i, bufferNumber);
        l2(i, frameL2);
        length(i, frameLength);
    }

    /** Forgets what was found and decided about the frame of an earlier burst whose record this was. */
    void begin(int i) {
        begin(i, FlowKind.INVALID);
    }

    /** As {@link #begin(int)}, for a flow that is {@link FlowKind#PLAIN_IPV4} or {@link FlowKind#PLAIN_IPV6}. */
    void beginPlain(int i, int plain) {
        begin(i, FlowKind.FLOW | plain);
    }

    private void begin(int i, int kindAndPlain) {
        kind(i, kindAndPlain);
        reason(i, Reason.NONE);
        handle(i, -1);
    }

    /** Gives a frame that cannot be parsed its reason. Returns its kind. */
    int invalid(int i, Reason why) {
        reason(i, why);
        return FlowKind.INVALID;
    }

    /** Decides about a frame ahead of the later stages, which then pass it over. */
    public void settle(int i, Reason why) {
        kind(i, FlowKind.INVALID);
        reason(i, why);
    }

    public void clear() {
        count = 0;
        fragments = 0;
    }

    public boolean isIpv4(int i) {
        return isPlainIpv4(i) || Address.isIpv4(destinationHi(i), destinationLo(i));
    }

    public int protocol(int i) {
        return FiveTuple.protocol(transport(i));
    }

    /** What was decided; {@link Reason#NONE} until then. */
    public Reason reason(int i) {
        return Reason.of(NativeMemory.getInt(record(i) + REASON));
    }

    public void reason(int i, Reason value) {
        NativeMemory.setInt(record(i) + REASON, value.code);
    }

    /** Returns whether what was decided is {@link Verdict#FORWARD}. */
    public boolean isForwarded(int i) {
        return Reason.isForward(NativeMemory.getInt(record(i) + REASON));
    }

    public long sourceHi(int i) {
        return NativeMemory.getLong(record(i) + SOURCE_HI);
    }

    public void sourceHi(int i, long value) {
        NativeMemory.setLong(record(i) + SOURCE_HI, value);
    }

    public long sourceLo(int i) {
        return NativeMemory.getLong(record(i) + SOURCE_LO);
    }

    public void sourceLo(int i, long value) {
        NativeMemory.setLong(record(i) + SOURCE_LO, value);
    }

    public long destinationHi(int i) {
        return NativeMemory.getLong(record(i) + DESTINATION_HI);
    }

    public void destinationHi(int i, long value) {
        NativeMemory.setLong(record(i) + DESTINATION_HI, value);
    }

    public long destinationLo(int i) {
        return NativeMemory.getLong(record(i) + DESTINATION_LO);
    }

    public void destinationLo(int i, long value) {
        NativeMemory.setLong(record(i) + DESTINATION_LO, value);
    }

    /** Ports and protocol: {@link FiveTuple#transport}. */
    public long transport(int i) {
        return NativeMemory.getLong(record(i) + TRANSPORT);
    }

    public void transport(int i, long value) {
        NativeMemory.setLong(record(i) + TRANSPORT, value);
    }

    /** Where the packet goes once translated; the destination itself where it is not. */
    public long targetHi(int i) {
        return NativeMemory.getLong(record(i) + TARGET_HI);
    }

    public void targetHi(int i, long value) {
        NativeMemory.setLong(record(i) + TARGET_HI, value);
    }

    public long targetLo(int i) {
        return NativeMemory.getLong(record(i) + TARGET_LO);
    }

    public void targetLo(int i, long value) {
        NativeMemory.setLong(record(i) + TARGET_LO, value);
    }

    /** Hash of the five-tuple. */
    public long hash(int i) {
        return NativeMemory.getLong(record(i) + HASH);
    }

    public void hash(int i, long value) {
        NativeMemory.setLong(record(i) + HASH, value);
    }

    /** Conntrack handle, negative where there is none. */
    public long handle(int i) {
        return NativeMemory.getLong(record(i) + HANDLE);
    }

    public void handle(int i, long value) {
        NativeMemory.setLong(record(i) + HANDLE, value);
    }

    /** Start of the Ethernet header; the virtio-net header is right before it. */
    public long l2(int i) {
        return Integer.toUnsignedLong(NativeMemory.getInt(record(i) + L2));
    }

    public void l2(int i, long value) {
        NativeMemory.setInt(record(i) + L2, (int) value);
    }

    /** Start of the IP header, or of the ARP message. */
    public long l3(int i) {
        return Integer.toUnsignedLong(NativeMemory.getInt(record(i) + L3));
    }

    public void l3(int i, long value) {
        NativeMemory.setInt(record(i) + L3, (int) value);
    }

    /** Start of the transport header. */
    public long l4(int i) {
        return Integer.toUnsignedLong(NativeMemory.getInt(record(i) + L4));
    }

    public void l4(int i, long value) {
        NativeMemory.setInt(record(i) + L4, (int) value);
    }

    /** Bytes from {@link #l4} to the end of the IP packet (without Ethernet padding). */
    public int l4Length(int i) {
        return NativeMemory.getInt(record(i) + L4_LENGTH);
    }

    public void l4Length(int i, int value) {
        NativeMemory.setInt(record(i) + L4_LENGTH, value);
    }

    /** Bytes from {@link #l2}. */
    public int length(int i) {
        return NativeMemory.getInt(record(i) + LENGTH);
    }

    public void length(int i, int value) {
        NativeMemory.setInt(record(i) + LENGTH, value);
    }

    /** One of {@link FlowKind}. */
    public int kind(int i) {
        return NativeMemory.getInt(record(i) + KIND) & FlowKind.MASK;
    }

    /**
     * Returns whether the frame is TCP or UDP right behind an Ethernet header and an IPv4 header without options, and no fragment. It may
     * leave its own transport checksum to be completed, or be a super-frame. The stages have short ways for such frames; others may be as
     * simple, and take the long ones.
     */
    public boolean isPlainIpv4(int i) {
        return NativeMemory.getInt(record(i) + KIND) == (FlowKind.FLOW | FlowKind.PLAIN_IPV4);
    }

    /** As {@link #isPlainIpv4}, of IPv6. */
    public boolean isPlainIpv6(int i) {
        return NativeMemory.getInt(record(i) + KIND) == (FlowKind.FLOW | FlowKind.PLAIN_IPV6);
    }

    public void kind(int i, int value) {
        NativeMemory.setInt(record(i) + KIND, value);
    }

    /** Number of the frame's buffer in its owner's pool. */
    public int buffer(int i) {
        return NativeMemory.getInt(record(i) + BUFFER);
    }

    public void buffer(int i, int value) {
        NativeMemory.setInt(record(i) + BUFFER, value);
    }

    /** Index of the port that the frame came in by. */
    public int ingress(int i) {
        return NativeMemory.getInt(record(i) + INGRESS);
    }

    public void ingress(int i, int value) {
        NativeMemory.setInt(record(i) + INGRESS, value);
    }

    /** Returns the bytes of the largest fragment of a packet that came in fragments, 0 for one that came whole. */
    public int longestFragment(int i) {
        return fragments == 0 ? 0 : NativeMemory.getInt(record(i) + LONGEST_FRAGMENT);
    }

    /** Where {@link #fragments} is not 0, each frame needs one. */
    public void longestFragment(int i, int value) {
        NativeMemory.setInt(record(i) + LONGEST_FRAGMENT, value);
    }
}
