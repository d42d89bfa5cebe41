package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.EntryTuple;
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
 * connection (RFC 5508 REQ-6).
 *
 * <p>What is translated is what Linux translates (nf_conntrack_inet_error in net/netfilter/nf_conntrack_proto_icmp.c,
 * nf_nat_icmp_reply_translation in nf_nat_proto.c): an error counts only where it is sent to the source of the packet it quotes; quotes of
 * later fragments and of other errors belong to no connection; redirects about translated connections are dropped. The outer source changes
 * only where that of the connection's packets in the same direction does: an error from a router behind a Service shows as from the virtual
 * address, one from a router in front of a client that is not masqueraded keeps the router's address.
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
    /** Whether packets like the quoted one belong to connections: not ESP or GRE, for instance. */
    boolean tracked;

    IcmpErrorTranslator(MemorySegment frames, Rewriter rewriter) {
        this.frames = frames;
        this.rewriter = rewriter;
    }

    /** Reads the quoted packet of frame {@code i} and reverses its five-tuple. Returns false if it quotes nothing that can be known. */
    boolean parse(Burst burst, int i) {
        quotedL3 = burst.l4(i) + Icmp.HEADER_LENGTH;
        end = Math.min(burst.l4(i) + burst.l4Length(i), quotedL3 + quotedBytes(burst, i));
        int protocol = burst.isIpv4(i) ? parseIpv4() : parseIpv6();
        if (protocol < 0 || quotedL4 + QUOTED_MIN > end) {
            return false;
        }
        if (burst.destinationHi(i) != destinationHi || burst.destinationLo(i) != destinationLo) {
            return false; // about a packet that its receiver did not send
        }
        tracked = true;
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
                    tracked = false;
                    return !(protocol == FiveTuple.ICMP ? Icmp.isError(type) : Icmpv6.isError(type));
                }
                transport = request
                        ? FiveTuple.transport(0, identifier, protocol)
                        : FiveTuple.transport(identifier, 0, protocol);
            }
            default -> tracked = false;
        }
        return true;
    }

    /** Returns the length of the quote where extensions follow it (RFC 4884 section 4), else one that is beyond all packets. */
    private long quotedBytes(Burst burst, int i) {
        long l4 = burst.l4(i);
        int type = Icmp.type(frames, l4);
        int words;
        if (burst.isIpv4(i)) {
            boolean extensible = type == Icmp.DESTINATION_UNREACHABLE
                    || type == Icmp.TIME_EXCEEDED
                    || type == Icmp.PARAMETER_PROBLEM;
            words = extensible ? Bytes.u8(frames, l4 + 5) : 0;
            return words == 0 ? Integer.MAX_VALUE : words * 4L;
        }
        boolean extensible = type == Icmpv6.DESTINATION_UNREACHABLE || type == Icmpv6.TIME_EXCEEDED;
        words = extensible ? Bytes.u8(frames, l4 + 4) : 0;
        return words == 0 ? Integer.MAX_VALUE : words * 8L;
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

    /** Sets where the error of frame {@code i} goes once translated, if it goes on. */
    static void target(Burst burst, int i, long handle) {
        if (burst.isIpv4(i) && Icmp.type(burst.frames, burst.l4(i)) == Icmp.REDIRECT) {
            // Else both ends would talk past the translation.
            burst.reason(i, Reason.ICMP_REDIRECT_TRANSLATED);
            return;
        }
        long entry = Conntrack.entry(handle);
        int other = 1 - Conntrack.direction(handle);
        burst.targetHi(i, EntryTuple.sourceHi(entry, other));
        burst.targetLo(i, EntryTuple.sourceLo(entry, other));
        burst.reason(i, Reason.ICMP_ERROR_TRANSLATED);
    }

    /** Translates the error of frame {@code i}, whose quote must have been {@link #parse}d last. */
    void translate(Burst burst, int i, long handle) {
        long l4 = burst.l4(i);
        int packetDeltas = RewriteStage.directedDeltas(handle);
        int addressDelta = packetDeltas & 0xFFFF;
        long entry = Conntrack.entry(handle);
        int other = 1 - Conntrack.direction(handle);
        long otherSourceHi = EntryTuple.sourceHi(entry, other);
        long otherSourceLo = EntryTuple.sourceLo(entry, other);
        long otherDestinationHi = EntryTuple.destinationHi(entry, other);
        long otherDestinationLo = EntryTuple.destinationLo(entry, other);

        long changed = Math.min(end, quotedL4 + Tcp.MIN_HEADER_LENGTH) - quotedL3;
        long before = Checksum.sum(frames, quotedL3, changed);
        rewriter.addresses(
                quotedL3, otherSourceHi, otherSourceLo, otherDestinationHi, otherDestinationLo, addressDelta);
        quotedTransport(EntryTuple.transport(entry, other), packetDeltas >>> 16);
        long after = Checksum.sum(frames, quotedL3, changed);
        int delta = Checksum.delta16(Checksum.fold(before), Checksum.fold(after));

        boolean hidesSource = isSourceTranslated(handle);
        long outerSourceHi = hidesSource ? otherDestinationHi : burst.sourceHi(i);
        long outerSourceLo = hidesSource ? otherDestinationLo : burst.sourceLo(i);
        int outer = Rewriter.addressDelta(
                burst.sourceHi(i),
                burst.sourceLo(i),
                burst.destinationHi(i),
                burst.destinationLo(i),
                outerSourceHi,
                outerSourceLo,
                otherSourceHi,
                otherSourceLo);
        rewriter.addresses(burst.l3(i), outerSourceHi, outerSourceLo, otherSourceHi, otherSourceLo, outer);
        delta = burst.isIpv4(i) ? delta : Checksum.addDeltas(delta, outer);
        Icmp.checksum(frames, l4, Checksum.apply(Icmp.checksum(frames, l4), delta));
    }

    /** Returns whether packets of the handle's direction get another source address or port. */
    private static boolean isSourceTranslated(long handle) {
        long entry = Conntrack.entry(handle);
        int own = Conntrack.direction(handle);
        int other = 1 - own;
        return EntryTuple.sourceHi(entry, own) != EntryTuple.destinationHi(entry, other)
                || EntryTuple.sourceLo(entry, own) != EntryTuple.destinationLo(entry, other)
                || FiveTuple.sourcePort(EntryTuple.transport(entry, own))
                        != FiveTuple.destinationPort(EntryTuple.transport(entry, other));
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
