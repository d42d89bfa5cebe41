package io.towpath.bench;

import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Ipv6;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;

/** Writes the headers of benchmark frames. Addresses are the same but for the client's low bits. */
public final class Frames {
    private static final int TTL = 64;
    private static final long CLIENT_NET = 0x2001_0DB8_0000_0001L;
    private static final long SERVICE_NET = 0x2001_0DB8_0000_0002L;

    private Frames() {}

    /** The kinds of frame that benchmarks tell apart. */
    public enum Kind {
        V4_UDP(true, FiveTuple.UDP),
        V4_TCP(true, FiveTuple.TCP),
        V4_SCTP(true, FiveTuple.SCTP),
        V4_ICMP(true, FiveTuple.ICMP),
        V6_UDP(false, FiveTuple.UDP),
        V6_TCP(false, FiveTuple.TCP);

        final boolean ipv4;
        final int protocol;

        Kind(boolean ipv4, int protocol) {
            this.ipv4 = ipv4;
            this.protocol = protocol;
        }

        /** Returns where the transport header begins, from {@code l2}. */
        public int l4Offset() {
            return Ethernet.HEADER_LENGTH + (ipv4 ? Ipv4.MIN_HEADER_LENGTH : Ipv6.HEADER_LENGTH);
        }
    }

    /** Writes a frame of {@code length} bytes from {@code l2} on; of TCP an ACK, of ICMP an echo request. */
    public static void write(
            MemorySegment frames, long l2, int length, Kind kind, int client, int clientPort, int vip) {
        VnetHeader.clear(frames, l2);
        Ethernet.addresses(frames, l2, 0x0200_0000_0002L, 0x0200_0000_0001L);
        Ethernet.type(frames, l2, kind.ipv4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        long l4 = l2 + kind.l4Offset();
        int l4Length = length - kind.l4Offset();
        if (kind.ipv4) {
            Ipv4.write(frames, l3, length - Ethernet.HEADER_LENGTH, TTL, kind.protocol, client, vip);
        } else {
            Ipv6.write(frames, l3, l4Length, kind.protocol, TTL);
            Ipv6.source(frames, l3, CLIENT_NET, client);
            Ipv6.destination(frames, l3, SERVICE_NET, vip);
        }
        switch (kind.protocol) {
            case FiveTuple.TCP -> {
                Udp.ports(frames, l4, clientPort, Rig.SERVICE_PORT);
                Bytes.u16(frames, l4 + 12, 0x5010);
            }
            case FiveTuple.ICMP -> {
                Bytes.u16(frames, l4, 0x0800);
                Bytes.u16(frames, l4 + 4, clientPort);
            }
            case FiveTuple.UDP -> {
                Udp.ports(frames, l4, clientPort, Rig.SERVICE_PORT);
                Bytes.i32(frames, l4 + 4, l4Length << 16 | clientPort);
            }
            default -> Udp.ports(frames, l4, clientPort, Rig.SERVICE_PORT);
        }
    }
}
