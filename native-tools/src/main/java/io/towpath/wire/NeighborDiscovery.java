package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * Neighbor solicitation and advertisement, RFC 4861 sections 4.3 and 4.4: ICMPv6 header 0 (flags of an advertisement at 4), target
 * address 8, options 24.
 */
public final class NeighborDiscovery {
    public static final int LENGTH = 24;
    /** With one link-layer address option. */
    public static final int LENGTH_WITH_MAC = 32;
    /** Hop limit that proves that a message was not forwarded (RFC 4861 section 7.1). */
    public static final int HOP_LIMIT = 255;

    public static final int SOLICITED = 0x4000_0000;
    public static final int OVERRIDE = 0x2000_0000;
    public static final int ROUTER = 0x8000_0000;

    private static final int OPTION_SOURCE_MAC = 1;
    private static final int OPTION_TARGET_MAC = 2;
    private static final long SOLICITED_NODE_HI = 0xFF02_0000_0000_0000L;
    private static final long SOLICITED_NODE_LO = 0x0000_0001_FF00_0000L;

    private NeighborDiscovery() {}

    public static long targetHi(MemorySegment frame, long l4) {
        return Bytes.i64(frame, l4 + 8);
    }

    public static long targetLo(MemorySegment frame, long l4) {
        return Bytes.i64(frame, l4 + 16);
    }

    /** Returns the source (solicitation) or target (advertisement) link-layer address, -1 where absent, -2 where the options are broken. */
    public static long linkLayerAddress(MemorySegment frame, long l4, int length) {
        int wanted = Icmpv6.type(frame, l4) == Icmpv6.NEIGHBOR_SOLICITATION ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC;
        long end = l4 + length;
        long at = l4 + LENGTH;
        while (at + 8 <= end) {
            int bytes = Bytes.u8(frame, at + 1) * 8;
            if (bytes == 0 || at + bytes > end) {
                return -2;
            }
            if (Bytes.u8(frame, at) == wanted && bytes == 8) {
                return Ethernet.mac(frame, at + 2);
            }
            at += bytes;
        }
        return at == end ? -1 : -2;
    }

    /** Returns the low word of the solicited-node multicast address (RFC 4291 section 2.7.1). */
    public static long solicitedNodeLo(long targetLo) {
        return SOLICITED_NODE_LO | targetLo & 0xFF_FFFF;
    }

    public static long solicitedNodeHi() {
        return SOLICITED_NODE_HI;
    }

    /** Returns the Ethernet address of an IPv6 multicast address (RFC 2464 section 7). */
    public static long multicastMac(long lo) {
        return 0x3333_0000_0000L | lo & 0xFFFF_FFFFL;
    }

    /**
     * Writes a message with a link-layer address option; the checksum is left 0.
     *
     * @param flags 0 for a solicitation
     */
    public static void write(
            MemorySegment frame, long l4, int type, int flags, long targetHi, long targetLo, long mac) {
        Bytes.i32(frame, l4, type << 24);
        Bytes.i32(frame, l4 + 4, flags);
        Bytes.i64(frame, l4 + 8, targetHi);
        Bytes.i64(frame, l4 + 16, targetLo);
        int option = type == Icmpv6.NEIGHBOR_SOLICITATION ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC;
        Bytes.u16(frame, l4 + 24, option << 8 | 1);
        Ethernet.mac(frame, l4 + 26, mac);
    }
}
