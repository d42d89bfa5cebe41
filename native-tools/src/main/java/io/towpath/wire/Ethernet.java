package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * Ethernet II header (IEEE 802.3 section 3.1.1): destination at 0, source at 6, EtherType at 12. MAC addresses are the low 48 bits of a long.
 */
public final class Ethernet {
    public static final int HEADER_LENGTH = 14;
    public static final int TYPE_IPV4 = 0x0800;
    public static final int TYPE_ARP = 0x0806;
    public static final int TYPE_VLAN = 0x8100;
    public static final int TYPE_QINQ = 0x88A8;
    public static final int TYPE_IPV6 = 0x86DD;
    public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private static final long GROUP_BIT = 1L << 40;

    private Ethernet() {}

    public static long destination(MemorySegment frame, long l2) {
        return Bytes.i64(frame, l2) >>> 16;
    }

    public static void destination(MemorySegment frame, long l2, long mac) {
        mac(frame, l2, mac);
    }

    public static long source(MemorySegment frame, long l2) {
        return mac(frame, l2 + 6);
    }

    public static void source(MemorySegment frame, long l2, long mac) {
        mac(frame, l2 + 6, mac);
    }

    public static int type(MemorySegment frame, long l2) {
        return Bytes.u16(frame, l2 + 12);
    }

    public static void type(MemorySegment frame, long l2, int type) {
        Bytes.u16(frame, l2 + 12, type);
    }

    /** Writes both addresses. */
    public static void addresses(MemorySegment frame, long l2, long destination, long source) {
        Bytes.i64(frame, l2, destination << 16 | source >>> 32);
        Bytes.i32(frame, l2 + 8, (int) source);
    }

    /** Returns whether a MAC address is a group address: multicast or broadcast. */
    public static boolean isGroup(long mac) {
        return (mac & GROUP_BIT) != 0;
    }

    /** Returns the low word of an IPv6 address made from a MAC address (RFC 4291 appendix A). */
    public static long interfaceIdentifier(long mac) {
        long universal = mac ^ 0x0200_0000_0000L;
        return universal >>> 24 << 40 | 0xFF_FE00_0000L | universal & 0xFF_FFFFL;
    }

    static long mac(MemorySegment frame, long at) {
        return (long) Bytes.u16(frame, at) << 32 | Integer.toUnsignedLong(Bytes.i32(frame, at + 2));
    }

    static void mac(MemorySegment frame, long at, long mac) {
        Bytes.u16(frame, at, (int) (mac >>> 32));
        Bytes.i32(frame, at + 2, (int) mac);
    }

    /** Parses {@code 02:00:00:00:00:01}. */
    public static long parseMac(String text) {
        String[] octets = text.split(":", -1);
        long mac = 0;
        for (String octet : octets) {
            if (octets.length != 6 || !octet.matches("[0-9a-fA-F]{2}")) {
                throw new IllegalArgumentException("not a MAC address: '" + text + "'");
            }
            mac = mac << 8 | Integer.parseInt(octet, 16);
        }
        return mac;
    }
}
