package io.towpath.nat;

import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Icmp;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Sctp;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Writes new addresses and ports into a packet, in place. Checksums are updated by deltas, never computed anew: a valid one stays valid
 * and a wrong one stays wrong (RFC 5382 section 4.4 asks for as much).
 *
 * <p>One per worker, for the frames of one segment.
 */
final class Rewriter {
    private final MemorySegment frames;
    private final ByteBuffer buffer;
    private final CRC32C crc = new CRC32C();

    Rewriter(MemorySegment frames) {
        this.frames = frames;
        this.buffer = frames.asByteBuffer();
    }

    /** Returns the delta of a connection's addresses, by what its original direction is rewritten to. */
    static int addressDelta(
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long newSourceHi,
            long newSourceLo,
            long newDestinationHi,
            long newDestinationLo) {
        return Checksum.addDeltas(
                Checksum.deltaAddress(sourceHi, sourceLo, newSourceHi, newSourceLo),
                Checksum.deltaAddress(destinationHi, destinationLo, newDestinationHi, newDestinationLo));
    }

    /** Returns what the transport checksum changes by when addresses and ports do. */
    static int transportDelta(int addressDelta, long transport, long newTransport) {
        int ports = Checksum.addDeltas(
                Checksum.delta16(FiveTuple.sourcePort(transport), FiveTuple.sourcePort(newTransport)),
                Checksum.delta16(FiveTuple.destinationPort(transport), FiveTuple.destinationPort(newTransport)));
        // ICMP has no pseudo-header.
        return FiveTuple.protocol(transport) == FiveTuple.ICMP ? ports : Checksum.addDeltas(ports, addressDelta);
    }

    /**
     * Rewrites a packet.
     *
     * @param partial the transport checksum is a pseudo-header sum that the receiver will complete
     */
    void rewrite(
            long l3,
            long l4,
            int l4Length,
            boolean partial,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            long transport,
            int addressDelta,
            int transportDelta) {
        addresses(l3, sourceHi, sourceLo, destinationHi, destinationLo, addressDelta);
        switch (FiveTuple.protocol(transport)) {
            case FiveTuple.TCP, FiveTuple.UDP -> {
                ports(l4, transport);
                transportChecksum(l4, FiveTuple.protocol(transport), partial, addressDelta, transportDelta);
            }
            case FiveTuple.SCTP -> sctp(l4, l4Length, transport);
            default -> {
                identifier(l4, transport);
                long at = l4 + Icmp.CHECKSUM_OFFSET;
                Bytes.u16(frames, at, Checksum.apply(Bytes.u16(frames, at), transportDelta));
            }
        }
    }

    /**
     * As {@link #rewrite}, for plain frames ({@link Burst#isPlainIpv4}).
     *
     * @param addresses source &lt;&lt; 32 | destination
     * @param ports source &lt;&lt; 16 | destination
     */
    void rewriteIpv4(
            long l3,
            long l4,
            int protocol,
            boolean partial,
            long addresses,
            int ports,
            int addressDelta,
            int transportDelta) {
        Ipv4.addresses(frames, l3, addresses);
        Ipv4.checksum(frames, l3, Checksum.apply(Ipv4.checksum(frames, l3), addressDelta));
        Udp.ports(frames, l4, ports);
        transportChecksum(l4, protocol, partial, addressDelta, transportDelta);
    }

    /** As {@link #rewriteIpv4}. */
    void rewriteIpv6(
            long l3,
            long l4,
            int protocol,
            boolean partial,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            int ports,
            int addressDelta,
            int transportDelta) {
        Ipv6.source(frames, l3, sourceHi, sourceLo);
        Ipv6.destination(frames, l3, destinationHi, destinationLo);
        Udp.ports(frames, l4, ports);
        transportChecksum(l4, protocol, partial, addressDelta, transportDelta);
    }

    /** Updates the checksum of TCP or UDP. A partial sum covers addresses only; the ports are in what is still to be summed. */
    private void transportChecksum(long l4, int protocol, boolean partial, int addressDelta, int transportDelta) {
        boolean isTcp = protocol == FiveTuple.TCP;
        long at = l4 + (isTcp ? Tcp.CHECKSUM_OFFSET : Udp.CHECKSUM_OFFSET);
        int old = Bytes.u16(frames, at);
        int updated;
        if (partial) {
            updated = Checksum.applyPartial(old, addressDelta);
        } else {
            updated = isTcp ? Checksum.apply(old, transportDelta) : Checksum.applyUdp(old, transportDelta);
        }
        Bytes.u16(frames, at, updated);
    }

    /** Writes the addresses of an IP header and, of IPv4, its checksum. */
    void addresses(long l3, long sourceHi, long sourceLo, long destinationHi, long destinationLo, int addressDelta) {
        if (Address.isIpv4(destinationHi, destinationLo)) {
            Ipv4.source(frames, l3, (int) sourceLo);
            Ipv4.destination(frames, l3, (int) destinationLo);
            Ipv4.checksum(frames, l3, Checksum.apply(Ipv4.checksum(frames, l3), addressDelta));
        } else {
            Ipv6.source(frames, l3, sourceHi, sourceLo);
            Ipv6.destination(frames, l3, destinationHi, destinationLo);
        }
    }

    void ports(long l4, long transport) {
        Udp.ports(frames, l4, FiveTuple.sourcePort(transport), FiveTuple.destinationPort(transport));
    }

    /** Writes the identifier of an echo message: the one of the two ports that is not 0. */
    void identifier(long l4, long transport) {
        Icmp.identifier(frames, l4, FiveTuple.sourcePort(transport) | FiveTuple.destinationPort(transport));
    }

    /** CRC32c does not cover addresses. Its error, if it has one, is carried over bit by bit. */
    private void sctp(long l4, int l4Length, long transport) {
        if (Udp.sourcePort(frames, l4) == FiveTuple.sourcePort(transport)
                && Udp.destinationPort(frames, l4) == FiveTuple.destinationPort(transport)) {
            return;
        }
        int given = Sctp.checksum(frames, l4);
        int error = given ^ Sctp.crc32c(frames, buffer, crc, l4, l4Length);
        ports(l4, transport);
        Sctp.checksum(frames, l4, Sctp.crc32c(frames, buffer, crc, l4, l4Length) ^ error);
    }
}
