package io.towpath.nat;

import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.packet.TransportParser;
import io.towpath.wire.Bytes;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Ipv6Fragment;
import io.towpath.wire.Tcp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/**
 * Holds the fragments of packets until all of them are there, as Linux does before it tracks connections
 * (net/ipv4/inet_fragment.c, ip_fragment.c, net/ipv6/netfilter/nf_conntrack_reasm.c): RFC 791 section 3.2, RFC 8200 section 4.5.
 *
 * <p>A fragment that lies within bytes already there is a duplicate and ignored; one that overlaps them in part, or contradicts the known end,
 * costs the whole packet (RFC 5722). A packet is given up 30 s (IPv4) or 60 s (IPv6) after its first fragment came. Where there is no room,
 * the oldest packet goes: the fragments of a real packet come within milliseconds, so a flood of others displaces itself first.
 *
 * <p>One per worker, used by it only: the kernel picks a TAP's queue by addresses alone where a packet is a fragment. Bytes are native, the
 * rest is in arrays, all made at the start.
 */
public final class FragmentTable implements AutoCloseable {
    /** Packets that all workers together hold at most. */
    public static final int PACKETS = 4096;
    /** Memory for fragments of all workers together. */
    public static final int BYTES = 16 << 20;
    /** Fragments of one packet at most: 64 KiB at IPv4's least MTU in use, 576 bytes, make 119. */
    public static final int FRAGMENTS_LIMIT = 128;

    /** IPFRAG_TIME (include/net/ip.h). */
    static final long IPV4_TIMEOUT_NS = 30_000_000_000L;
    /** IPV6_FRAG_TIMEOUT (include/net/ipv6.h); RFC 8200 section 4.5. */
    static final long IPV6_TIMEOUT_NS = 60_000_000_000L;

    private static final int LENGTH_MAX = 65535;
    private static final int NONE = -1;

    /** Told what became of a fragment that was held. */
    public interface Outcome {
        /** @param length bytes of its frame */
        void settled(int length, Reason reason);
    }

    private final FragmentBlocks blocks;
    private final FragmentedPackets packets;
    private final Outcome outcome;

    // Of each fragment, by its first block.
    private final int[] nextFragment;
    private final int[] start;
    private final int[] end;
    private final int[] headerBytes;

    // What was read of the fragment at hand.
    private int offset;
    private int length;
    private int headers;
    private boolean last;

    private int completed;
    private int completing;

    /**
     * @param packetLimit packets held at most
     * @param bytes for their fragments
     * @param seed of the hash; secret
     */
    public FragmentTable(int packetLimit, int bytes, long seed, Outcome outcome) {
        this.outcome = outcome;
        blocks = new FragmentBlocks(bytes / FragmentBlocks.BLOCK_BYTES);
        packets = new FragmentedPackets(packetLimit, seed);
        nextFragment = new int[blocks.count()];
        start = new int[blocks.count()];
        end = new int[blocks.count()];
        headerBytes = new int[blocks.count()];
    }

    /** Returns the number of incomplete packets. */
    public int held() {
        return packets.count();
    }

    /**
     * Takes a copy of frame {@code i}, a fragment.
     *
     * @return {@link Reason#FRAGMENT_HELD}; {@link Reason#NONE} where it made {@link #completed} whole; or why it is dropped
     */
    public Reason offer(Burst burst, int i, long nowNs) {
        if (!read(burst, i)) {
            return Reason.FRAGMENT_INVALID;
        }
        if (offset == 0 && isTiny(burst, i)) {
            return Reason.FRAGMENT_TINY;
        }
        int packet = find(burst, i, nowNs);
        int before = NONE;
        if (packet != NONE) {
            before = packets.last(packet);
            if (offset < end[before]) {
                before = predecessor(packet);
            }
            Reason refusal = refusal(packet, before);
            if (refusal != Reason.NONE) {
                return refusal;
            }
        }
        Reason full = makeRoom(packet, headers + length);
        if (full != Reason.NONE) {
            return full;
        }
        if (packet == NONE) {
            long timeoutNs = burst.isIpv4(i) ? IPV4_TIMEOUT_NS : IPV6_TIMEOUT_NS;
            packet = packets.add(burst.isIpv4(i), nowNs + timeoutNs);
        }
        insert(packet, before, blocks.store(burst.frames, burst.l2(i), headers + length));
        return packets.isComplete(packet) ? complete(burst, i, packet) : Reason.FRAGMENT_HELD;
    }

    /** Reads where the fragment belongs. Returns false if it cannot belong anywhere. */
    private boolean read(Burst burst, int i) {
        MemorySegment frames = burst.frames;
        long l3 = burst.l3(i);
        long packetEnd = burst.l4(i) + burst.l4Length(i);
        long payload;
        int beyondPayload;
        if (burst.isIpv4(i)) {
            payload = burst.l4(i);
            offset = Ipv4.fragmentOffset(frames, l3);
            last = Ipv4.isLastFragment(frames, l3);
            beyondPayload = Ipv4.headerLength(frames, l3);
        } else {
            long header = Ipv6.fragmentHeader(frames, l3);
            payload = header + Ipv6Fragment.HEADER_LENGTH;
            offset = Ipv6Fragment.offset(frames, header);
            last = Ipv6Fragment.isLast(frames, header);
            beyondPayload = (int) (header - l3) - Ipv6.HEADER_LENGTH;
        }
        headers = (int) (payload - burst.l2(i));
        length = (int) (packetEnd - payload);
        // No stack sends a fragment with a checksum that is still to be completed.
        return length > 0
                && (last || (length & 7) == 0)
                && beyondPayload + offset + length <= LENGTH_MAX
                && !VnetHeader.needsChecksum(frames, burst.l2(i))
                && !VnetHeader.isGso(frames, burst.l2(i));
    }

    /** RFC 1858, RFC 7112: what is decided by must be in the first fragment. */
    private static boolean isTiny(Burst burst, int i) {
        int protocol = burst.protocol(i);
        int there = burst.l4Length(i);
        return there < TransportParser.minLength(protocol)
                || protocol == FiveTuple.TCP && there < Tcp.headerLength(burst.frames, burst.l4(i));
    }

    private int find(Burst burst, int i, long nowNs) {
        MemorySegment frames = burst.frames;
        long l3 = burst.l3(i);
        long link = burst.ingress(i);
        // IPv4 numbers the packets of each protocol apart, IPv6 does not.
        long identification = burst.isIpv4(i)
                ? (long) burst.protocol(i) << 32 | Ipv4.identification(frames, l3)
                : Integer.toUnsignedLong(Ipv6Fragment.identification(frames, Ipv6.fragmentHeader(frames, l3)));
        for (long tag = burst.l2(i) + Ethernet.HEADER_LENGTH - 2; tag < l3 - 2; tag += 4) {
            link = link << 12 | Bytes.u16(frames, tag + 2) & 0xFFF; // VLAN, so that its networks do not mix
        }
        packets.key(
                burst.sourceHi(i),
                burst.sourceLo(i),
                burst.destinationHi(i),
                burst.destinationLo(i),
                identification,
                link);
        int packet = packets.find();
        if (packet != NONE && nowNs - packets.deadlineNs(packet) > 0) {
            discard(packet, Reason.FRAGMENT_TIMED_OUT);
            return NONE;
        }
        return packet;
    }

    /** Returns the last fragment that starts at or before the one at hand. */
    private int predecessor(int packet) {
        int found = NONE;
        for (int f = packets.first(packet); f != NONE && start[f] <= offset; f = nextFragment[f]) {
            found = f;
        }
        return found;
    }

    private Reason refusal(int packet, int before) {
        int until = offset + length;
        int after = before == NONE ? packets.first(packet) : nextFragment[before];
        int total = packets.total(packet);
        boolean contradicts =
                total >= 0 && (last ? until != total : until > total) || last && end[packets.last(packet)] > until;
        boolean overlapsBefore = before != NONE && offset < end[before];
        boolean overlapsAfter = after != NONE && until > start[after];
        if (!contradicts && overlapsBefore && isThere(before, until)) {
            return Reason.FRAGMENT_DUPLICATE;
        }
        if (contradicts || overlapsBefore || overlapsAfter) {
            discard(packet, Reason.FRAGMENT_CONFLICT);
            return Reason.FRAGMENT_CONFLICT;
        }
        if (packets.fragments(packet) == FRAGMENTS_LIMIT) {
            discard(packet, Reason.FRAGMENT_TOO_MANY);
            return Reason.FRAGMENT_TOO_MANY;
        }
        return Reason.NONE;
    }

    /** Returns whether all bytes from a fragment's start up to {@code until} are held. */
    private boolean isThere(int fragment, int until) {
        int f = fragment;
        while (until > end[f] && nextFragment[f] != NONE && start[nextFragment[f]] == end[f]) {
            f = nextFragment[f];
        }
        return until <= end[f];
    }

    /** Gives up the oldest packets until a fragment has room, at most one for each block it needs. */
    private Reason makeRoom(int packet, int bytes) {
        while (!blocks.hasRoom(bytes) || packet == NONE && packets.isFull()) {
            int oldest = packets.oldest();
            if (oldest == NONE) {
                return Reason.FRAGMENT_EVICTED; // what is whole, but not yet sent on, takes all room
            }
            discard(oldest, Reason.FRAGMENT_EVICTED);
            if (oldest == packet) {
                return Reason.FRAGMENT_EVICTED;
            }
        }
        return Reason.NONE;
    }

    private void insert(int packet, int before, int fragment) {
        start[fragment] = offset;
        end[fragment] = offset + length;
        headerBytes[fragment] = headers;
        if (before == NONE) {
            nextFragment[fragment] = packets.first(packet);
            packets.first(packet, fragment);
        } else {
            nextFragment[fragment] = nextFragment[before];
            nextFragment[before] = fragment;
        }
        if (nextFragment[fragment] == NONE) {
            packets.last(packet, fragment);
        }
        packets.grow(packet, length, last ? offset + length : NONE);
        completing = fragment;
    }

    private Reason complete(Burst burst, int i, int packet) {
        int first = packets.first(packet);
        int link = (int) (burst.l3(i) - burst.l2(i));
        int beyondPayload = burst.isIpv4(i)
                ? headerBytes[first] - link
                : headerBytes[first] - link - Ipv6.HEADER_LENGTH - Ipv6Fragment.HEADER_LENGTH;
        if (beyondPayload + packets.total(packet) > LENGTH_MAX) {
            // Other fragments had fewer options.
            drop(packet, first, Reason.FRAGMENT_INVALID);
            return Reason.FRAGMENT_INVALID;
        }
        packets.remove(packet);
        completed = packet;
        return Reason.NONE;
    }

    /** As {@link #discard}, but for the fragment at hand, which is among them and not yet held. */
    private void drop(int packet, int first, Reason reason) {
        packets.remove(packet);
        for (int f = first; f != NONE; f = nextFragment[f]) {
            if (f != completing) {
                outcome.settled(frameBytes(f), reason);
            }
        }
        release(packet);
    }

    private void discard(int packet, Reason reason) {
        packets.remove(packet);
        for (int f = packets.first(packet); f != NONE; f = nextFragment[f]) {
            outcome.settled(frameBytes(f), reason);
        }
        release(packet);
    }

    /** Gives up to {@code limit} packets up whose time is over. */
    public void sweep(long nowNs, int limit) {
        for (int n = 0; n < limit; n++) {
            int packet = packets.expired(nowNs);
            if (packet == NONE) {
                return;
            }
            discard(packet, Reason.FRAGMENT_TIMED_OUT);
        }
    }

    /** Returns the packet that the last offer made whole. It keeps its memory until {@link #release}. */
    public int completed() {
        return completed;
    }

    /** Returns the fragment that made it whole. */
    public int completing() {
        return completing;
    }

    public int first(int packet) {
        return packets.first(packet);
    }

    /** Returns the fragment after one, by offset; negative after the last. */
    public int next(int fragment) {
        return nextFragment[fragment];
    }

    /** Returns the bytes of a fragment before its payload, Ethernet header included. */
    public int headerBytes(int fragment) {
        return headerBytes[fragment];
    }

    /** Returns where a fragment's payload begins in that of the packet. */
    public int offset(int fragment) {
        return start[fragment];
    }

    public int payloadBytes(int fragment) {
        return end[fragment] - start[fragment];
    }

    public int frameBytes(int fragment) {
        return headerBytes[fragment] + payloadBytes(fragment);
    }

    /** Writes a fragment's headers, as they came. */
    public void copyHeaders(int fragment, MemorySegment to, long l2) {
        blocks.copy(fragment, 0, headerBytes[fragment], to, l2);
    }

    /** Writes a whole packet as a frame: the first fragment's headers, then all payload. Returns its length. */
    public int assemble(int packet, MemorySegment to, long l2) {
        int first = packets.first(packet);
        copyHeaders(first, to, l2);
        for (int f = first; f != NONE; f = nextFragment[f]) {
            blocks.copy(f, headerBytes[f], payloadBytes(f), to, l2 + headerBytes[first] + start[f]);
        }
        return headerBytes[first] + packets.total(packet);
    }

    /** Forgets a packet that was made whole. */
    public void release(int packet) {
        int f = packets.first(packet);
        while (f != NONE) {
            int following = nextFragment[f];
            blocks.release(f);
            f = following;
        }
        packets.free(packet);
    }

    @Override
    public void close() {
        blocks.close();
    }
}
