package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Icmp;
import io.towpath.wire.Icmpv6;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import java.lang.foreign.MemorySegment;

/**
 * Finds the connection that an ICMP error is about by the packet it quotes, and translates both headers (RFC 5508 section 4). An error
 * travels against the quoted packet, so it belongs to the direction that the reversed quote has. It neither refreshes nor ends the
 * connection (RFC 5508 section 4.2, REQ-5).
 *
 * <p>One per worker; {@link #parse} leaves what it found in the fields for {@link #translate}.
 */
final class IcmpErrorTranslator {
    /** Bytes of a quoted transport header at least (RFC 792); IPv6 quotes more. */
    private static final int QUOTED_MIN = 8;

    private final MemorySegment frames;
    private final Rewriter rewriter;

    private long quotedL3;
    private long quotedL4;
    private long end;
    long sourceHi;
    long sourceLo;
    long destinationHi;
    long destinationLo;
    long transport;

    IcmpErrorTranslator(MemorySegment frames, Rewriter rewriter) {
        this.frames = frames;
        this.rewriter = rewriter;
    }

    /** Reads the quoted packet of frame {@code i} and reverses its five-tuple. Returns false if it quotes nothing that can be known. */
    boolean parse(Burst burst, int i) {
        quotedL3 = burst.l4[i] + Icmp.HEADER_LENGTH;
        end = burst.l4[i] + burst.l4Length[i];
        int protocol = burst.isIpv4(i) ? parseIpv4() : parseIpv6();
        if (protocol < 0 || quotedL4 + QUOTED_MIN > end) {
            return false;
        }
        switch (protocol) {
            case FiveTuple.TCP, FiveTuple.UDP, FiveTuple.SCTP ->
                transport = FiveTuple.transport(
                        Udp.destinationPort(frames, quotedL4), Udp.sourcePort(frames, quotedL4), protocol);
            case FiveTuple.ICMP, FiveTuple.ICMPV6 -> {
                int type = Icmp.type(frames, quotedL4);
                int identifier = Icmp.identifier(frames, quotedL4);
                boolean request = protocol == FiveTuple.ICMP ? type == Icmp.ECHO_REQUEST : type == Icmpv6.ECHO_REQUEST;
                boolean reply = protocol == FiveTuple.ICMP ? type == Icmp.ECHO_REPLY : type == Icmpv6.ECHO_REPLY;
                if (!request && !reply) {
                    return false;
                }
                transport = request
                        ? FiveTuple.transport(0, identifier, protocol)
                        : FiveTuple.transport(identifier, 0, protocol);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private int parseIpv4() {
        if (quotedL3 + Ipv4.MIN_HEADER_LENGTH > end || Bytes.u8(frames, quotedL3) >>> 4 != 4) {
            return -1;
        }
        int headerLength = Ipv4.headerLength(frames, quotedL3);
        if (headerLength < Ipv4.MIN_HEADER_LENGTH || Ipv4.isLaterFragment(frames, quotedL3)) {
            return -1;
        }
        quotedL4 = quotedL3 + headerLength;
        sourceHi = 0;
        sourceLo = Address.mapped(Ipv4.destination(frames, quotedL3));
        destinationHi = 0;
        destinationLo = Address.mapped(Ipv4.source(frames, quotedL3));
        return Ipv4.protocol(frames, quotedL3);
    }

    private int parseIpv6() {
        if (quotedL3 + Ipv6.HEADER_LENGTH > end || Bytes.u8(frames, quotedL3) >>> 4 != 6) {
            return -1;
        }
        long walked = Ipv6.walk(frames, quotedL3, end);
        if (walked < 0 || Ipv6.isLaterFragment(walked)) {
            return -1;
        }
        quotedL4 = quotedL3 + Ipv6.l4Offset(walked);
        sourceHi = Ipv6.destinationHi(frames, quotedL3);
        sourceLo = Ipv6.destinationLo(frames, quotedL3);
        destinationHi = Ipv6.sourceHi(frames, quotedL3);
        destinationLo = Ipv6.sourceLo(frames, quotedL3);
        return Ipv6.protocol(walked);
    }

    /** Sets where the error of frame {@code i} goes once translated. */
    static void target(Burst burst, int i, MemorySegment entries, long handle) {
        long other = Conntrack.otherTuple(handle);
        burst.targetHi[i] = Entry.sourceHi(entries, other);
        burst.targetLo[i] = Entry.sourceLo(entries, other);
        burst.reason[i] = Reason.ICMP_ERROR_TRANSLATED;
    }

    /** Translates the error of frame {@code i}, whose quote must have been {@link #parse}d last. */
    void translate(Burst burst, int i, MemorySegment entries, long handle) {
        long l4 = burst.l4[i];
        int packetDeltas = Nat.directedDeltas(entries, handle);
        int addressDelta = packetDeltas & 0xFFFF;
        long other = Conntrack.otherTuple(handle);
        long otherSourceHi = Entry.sourceHi(entries, other);
        long otherSourceLo = Entry.sourceLo(entries, other);
        long otherDestinationHi = Entry.destinationHi(entries, other);
        long otherDestinationLo = Entry.destinationLo(entries, other);

        long changed = Math.min(end, quotedL4 + Tcp.MIN_HEADER_LENGTH) - quotedL3;
        long before = Checksum.sum(frames, quotedL3, changed);
        rewriter.addresses(
                quotedL3, otherSourceHi, otherSourceLo, otherDestinationHi, otherDestinationLo, addressDelta);
        quotedTransport(Entry.transport(entries, other), packetDeltas >>> 16);
        long after = Checksum.sum(frames, quotedL3, changed);
        int delta = Checksum.delta16(Checksum.fold(before), Checksum.fold(after));

        // As the kernel does, the error shows as from the address that its receiver talks to, whichever hop sent it.
        int outer = Rewriter.addressDelta(
                burst.sourceHi[i],
                burst.sourceLo[i],
                burst.destinationHi[i],
                burst.destinationLo[i],
                otherDestinationHi,
                otherDestinationLo,
                otherSourceHi,
                otherSourceLo);
        rewriter.addresses(burst.l3[i], otherDestinationHi, otherDestinationLo, otherSourceHi, otherSourceLo, outer);
        delta = burst.isIpv4(i) ? delta : Checksum.addDeltas(delta, outer);
        Icmp.checksum(frames, l4, Checksum.apply(Icmp.checksum(frames, l4), delta));
    }

    private void quotedTransport(long newTransport, int delta) {
        switch (FiveTuple.protocol(newTransport)) {
            case FiveTuple.TCP -> {
                rewriter.ports(quotedL4, newTransport);
                quotedChecksum(Tcp.CHECKSUM_OFFSET, delta);
            }
            case FiveTuple.UDP -> {
                rewriter.ports(quotedL4, newTransport);
                long at = quotedL4 + Udp.CHECKSUM_OFFSET;
                Bytes.u16(frames, at, Checksum.applyUdp(Bytes.u16(frames, at), delta));
            }
            case FiveTuple.SCTP ->
                rewriter.ports(quotedL4, newTransport); // a CRC over bytes that are cut off cannot be mended
            default -> {
                rewriter.identifier(quotedL4, newTransport);
                quotedChecksum(Icmp.CHECKSUM_OFFSET, delta);
            }
        }
    }

    private void quotedChecksum(int offset, int delta) {
        long at = quotedL4 + offset;
        if (at + 2 <= end) {
            Bytes.u16(frames, at, Checksum.apply(Bytes.u16(frames, at), delta));
        }
    }
}
