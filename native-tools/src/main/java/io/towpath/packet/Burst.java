package io.towpath.packet;

import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;

/**
 * The frames of one burst and their parsed fields, as parallel arrays. A worker has one and fills it anew each time; later stages read
 * what earlier ones wrote. Index {@code i} is a frame, {@code 0 <= i < count}.
 *
 * <p>Offsets are absolute, in bytes, into {@link #frames}. Addresses and the transport word are as in
 * {@link io.towpath.wire.Address} and {@link FiveTuple}.
 */
public final class Burst {
    /** Frames in a burst at most: enough for loads to overlap, small enough that the parsed fields stay in the L1 cache. */
    public static final int LIMIT = 64;

    /** Native memory that all frames of the burst lie in. */
    public final MemorySegment frames;

    public int count;
    /** How many of the frames are {@link FlowKind#FRAGMENT}s as they came in. */
    public int fragments;
    /** Number of the frame's buffer in its owner's pool. */
    public final int[] buffer = new int[LIMIT];
    /** Index of the port that the frame came in by. */
    public final int[] ingress = new int[LIMIT];
    /** Start of the Ethernet header; the virtio-net header is right before it. */
    public final long[] l2 = new long[LIMIT];
    /** Bytes from {@link #l2}. */
    public final int[] length = new int[LIMIT];

    /** One of {@link FlowKind}. */
    public final int[] kind = new int[LIMIT];
    /** Start of the IP header, or of the ARP message. */
    public final long[] l3 = new long[LIMIT];
    /** Start of the transport header. */
    public final long[] l4 = new long[LIMIT];
    /** Bytes from {@link #l4} to the end of the IP packet (without Ethernet padding). */
    public final int[] l4Length = new int[LIMIT];

    public final long[] sourceHi = new long[LIMIT];
    public final long[] sourceLo = new long[LIMIT];
    public final long[] destinationHi = new long[LIMIT];
    public final long[] destinationLo = new long[LIMIT];
    /** Ports and protocol: {@link FiveTuple#transport}. */
    public final long[] transport = new long[LIMIT];

    /** Where the packet goes once translated; the destination itself where it is not. */
    public final long[] targetHi = new long[LIMIT];

    public final long[] targetLo = new long[LIMIT];
    /** Hash of the five-tuple. */
    public final long[] hash = new long[LIMIT];
    /** Conntrack handle, negative where there is none. */
    public final long[] handle = new long[LIMIT];
    /** Bytes of the largest IP packet among the fragments that a whole packet came in; meaningful where {@link #fragments} is not 0. */
    public final int[] longestFragment = new int[LIMIT];
    /** What was decided; {@link Reason#NONE} until then. */
    public final Reason[] reason = new Reason[LIMIT];

    public Burst(MemorySegment frames) {
        if (!frames.isNative()) {
            throw new IllegalArgumentException("frames must be native memory");
        }
        this.frames = frames;
    }

    /** Appends a frame. The caller keeps {@code count} below {@link #LIMIT}. */
    public void add(int port, int bufferNumber, long frameL2, int frameLength) {
        int i = count++;
        ingress[i] = port;
        buffer[i] = bufferNumber;
        l2[i] = frameL2;
        length[i] = frameLength;
    }

    /** Decides about a frame ahead of the later stages, which then pass it over. */
    public void settle(int i, Reason why) {
        kind[i] = FlowKind.INVALID;
        reason[i] = why;
    }

    public void clear() {
        count = 0;
        fragments = 0;
    }

    /** Returns the bytes of the largest fragment of a packet that came in fragments, 0 for one that came whole. */
    public int longestFragment(int i) {
        return fragments == 0 ? 0 : longestFragment[i];
    }

    public boolean isIpv4(int i) {
        return Address.isIpv4(destinationHi[i], destinationLo[i]);
    }

    public int protocol(int i) {
        return FiveTuple.protocol(transport[i]);
    }
}
