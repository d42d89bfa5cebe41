package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * ARP for IPv4 over Ethernet (RFC 826): hardware type 0, protocol type 2, lengths 4 and 5, operation 6, sender MAC 8, sender address 14,
 * target MAC 18, target address 24.
 */
public final class Arp {
    public static final int LENGTH = 28;
    public static final int REQUEST = 1;
    public static final int REPLY = 2;

    private static final long ETHERNET_IPV4 = 0x0001_0800_0604L;

    private Arp() {}

    /**
     * Returns whether the message is complete and of Ethernet and IPv4.
     *
     * @param end of the frame
     */
    public static boolean isValid(MemorySegment frame, long l3, long end) {
        return l3 + LENGTH <= end && Bytes.i64(frame, l3) >>> 16 == ETHERNET_IPV4;
    }

    public static int operation(MemorySegment frame, long l3) {
        return Bytes.u16(frame, l3 + 6);
    }

    public static long senderMac(MemorySegment frame, long l3) {
        return Ethernet.mac(frame, l3 + 8);
    }

    public static int senderAddress(MemorySegment frame, long l3) {
        return Bytes.i32(frame, l3 + 14);
    }

    public static int targetAddress(MemorySegment frame, long l3) {
        return Bytes.i32(frame, l3 + 24);
    }

    /** Writes a whole message. */
    public static void write(
            MemorySegment frame, long l3, int operation, long senderMac, int sender, long targetMac, int target) {
        Bytes.i64(frame, l3, ETHERNET_IPV4 << 16 | operation);
        Ethernet.mac(frame, l3 + 8, senderMac);
        Bytes.i32(frame, l3 + 14, sender);
        Ethernet.mac(frame, l3 + 18, targetMac);
        Bytes.i32(frame, l3 + 24, target);
    }
}
