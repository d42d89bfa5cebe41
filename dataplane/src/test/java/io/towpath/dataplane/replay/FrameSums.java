package io.towpath.dataplane.replay;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What the checksums of a frame come to, computed from its bytes alone: shares nothing with the codecs.
 *
 * @param header ones' complement sum of an IPv4 header, 0xFFFF where its checksum is right; 0xFFFF for IPv6, which has none
 * @param transport of TCP, UDP, ICMP and ICMPv6 the sum with their pseudo-header, 0xFFFF where right; of SCTP the difference to the right
 *     CRC, 0 where right; {@link #NONE} where there is no checksum
 * @param protocol the transport
 */
record FrameSums(int header, int transport, int protocol, Flow flow) {
    static final int NONE = -1;

    private static final int ICMP = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int ICMPV6 = 58;
    private static final int SCTP = 132;

    /** Where a packet with ports is from and goes to; {@code null} for others. Addresses are as in the header. */
    record Flow(byte[] source, int sourcePort, byte[] destination, int destinationPort) {}

    boolean isRight() {
        return header == 0xFFFF && (transport == NONE || transport == (protocol == SCTP ? 0 : 0xFFFF));
    }

    /** Returns null for what is no whole, unfragmented IP packet. */
    static FrameSums of(byte[] frame) {
        try {
            int l3 = 14;
            int type = u16(frame, 12);
            while (type == 0x8100 || type == 0x88A8) {
                type = u16(frame, l3 + 2);
                l3 += 4;
            }
            return type == 0x0800 ? ofIpv4(frame, l3) : type == 0x86DD ? ofIpv6(frame, l3) : null;
        } catch (IndexOutOfBoundsException e) {
            return null;
        }
    }

    private static FrameSums ofIpv4(byte[] frame, int l3) {
        int headerLength = (frame[l3] & 15) * 4;
        int end = l3 + u16(frame, l3 + 2);
        if (end > frame.length || l3 + headerLength > end || (u16(frame, l3 + 6) & 0x3FFF) != 0) {
            return null;
        }
        byte[] source = Arrays.copyOfRange(frame, l3 + 12, l3 + 16);
        byte[] destination = Arrays.copyOfRange(frame, l3 + 16, l3 + 20);
        int header = sum(Arrays.copyOfRange(frame, l3, l3 + headerLength), 0);
        return of(header, frame[l3 + 9] & 0xFF, source, destination, Arrays.copyOfRange(frame, l3 + headerLength, end));
    }

    /** Takes the header's own addresses, as address translation does, also where a routing header or home address names others. */
    private static FrameSums ofIpv6(byte[] frame, int l3) {
        int end = l3 + 40 + u16(frame, l3 + 4);
        if (end > frame.length) {
            return null;
        }
        int next = frame[l3 + 6] & 0xFF;
        int at = l3 + 40;
        while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60 || next == 135) {
            if (next == 44 && (u16(frame, at + 2) & 0xFFF9) != 0) {
                return null;
            }
            int units = frame[at + 1] & 0xFF;
            int length = next == 44 ? 8 : next == 51 ? (units + 2) * 4 : (units + 1) * 8;
            next = frame[at] & 0xFF;
            at += length;
        }
        if (at > end) {
            return null;
        }
        byte[] source = Arrays.copyOfRange(frame, l3 + 8, l3 + 24);
        byte[] destination = Arrays.copyOfRange(frame, l3 + 24, l3 + 40);
        return of(0xFFFF, next, source, destination, Arrays.copyOfRange(frame, at, end));
    }

    private static FrameSums of(int header, int protocol, byte[] source, byte[] destination, byte[] l4) {
        boolean ports = protocol == TCP || protocol == UDP || protocol == SCTP;
        Flow flow = ports ? new Flow(source, u16(l4, 0), destination, u16(l4, 2)) : null;
        return new FrameSums(header, transport(protocol, source, destination, l4), protocol, flow);
    }

    private static int transport(int protocol, byte[] source, byte[] destination, byte[] l4) {
        return switch (protocol) {
            case ICMP -> sum(l4, 0);
            case SCTP -> crcDifference(l4.clone());
            case UDP -> u16(l4, 6) == 0 ? NONE : sum(l4, pseudo(protocol, source, destination, l4.length));
            case TCP, ICMPV6 -> sum(l4, pseudo(protocol, source, destination, l4.length));
            default -> NONE;
        };
    }

    private static int crcDifference(byte[] l4) {
        ByteBuffer data = ByteBuffer.wrap(l4).order(ByteOrder.LITTLE_ENDIAN);
        int given = data.getInt(8);
        data.putInt(8, 0);
        CRC32C crc = new CRC32C();
        crc.update(l4);
        return given ^ (int) crc.getValue();
    }

    private static int pseudo(int protocol, byte[] source, byte[] destination, int length) {
        return sum(source, sum(destination, sum(new byte[] {0, (byte) protocol}, length)));
    }

    private static int sum(byte[] bytes, int initial) {
        int sum = initial;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | (i + 1 < bytes.length ? bytes[i + 1] & 0xFF : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
    }
}
