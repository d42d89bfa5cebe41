package io.towpath.dataplane.port;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A UDP datagram to be written as a frame, byte by byte, sharing no code with the codecs.
 *
 * @param flow number that addresses and destination port follow from
 * @param hops TTL or hop limit
 * @param service type of service or traffic class
 * @param dontFragment DF; of IPv4 only
 * @param fill first byte of the payload, whose others follow from it
 */
record Datagram(
        boolean ipv4,
        int flow,
        int sourceMac,
        int hops,
        int service,
        boolean dontFragment,
        int identification,
        int payload,
        int fill,
        Sum sum,
        Shape shape) {
    static final int VNET = 10;
    private static final int ETHERNET = 14;
    private static final int FIRST_PORT = 1_000;

    /** What is known of the UDP checksum. */
    enum Sum {
        /** The field has the pseudo-header's sum, and the virtio-net header says so. */
        PARTIAL,
        COMPLETE,
        WRONG,
        /** Complete, and the device says that it is right. */
        VERIFIED,
        /** 0. */
        NONE
    }

    /** What is special about the frame. */
    enum Shape {
        PLAIN,
        /** Bytes behind the packet. */
        PADDED,
        /** An IPv4 option or an IPv6 extension header, that says nothing. */
        OPTIONS,
        /** A first fragment. */
        FRAGMENT,
        /** UDP ends before the IP packet does. */
        TAIL
    }

    static Datagram ipv4(int payload) {
        return new Datagram(true, 1, 9, 64, 0, true, 0, payload, 1, Sum.PARTIAL, Shape.PLAIN);
    }

    static Datagram ipv6(int payload) {
        return new Datagram(false, 1, 9, 64, 0, false, 0, payload, 1, Sum.PARTIAL, Shape.PLAIN);
    }

    Datagram with(Sum other) {
        return new Datagram(
                ipv4, flow, sourceMac, hops, service, dontFragment, identification, payload, fill, other, shape);
    }

    Datagram with(Shape other) {
        return new Datagram(
                ipv4, flow, sourceMac, hops, service, dontFragment, identification, payload, fill, sum, other);
    }

    Datagram filled(int other) {
        return new Datagram(
                ipv4, flow, sourceMac, hops, service, dontFragment, identification, payload, other, sum, shape);
    }

    Datagram ofFlow(int other) {
        return new Datagram(
                ipv4, other, sourceMac, hops, service, dontFragment, identification, payload, fill, sum, shape);
    }

    Datagram withHops(int other) {
        return new Datagram(
                ipv4, flow, sourceMac, other, service, dontFragment, identification, payload, fill, sum, shape);
    }

    Datagram withService(int other) {
        return new Datagram(
                ipv4, flow, sourceMac, hops, other, dontFragment, identification, payload, fill, sum, shape);
    }

    Datagram fromMac(int other) {
        return new Datagram(ipv4, flow, other, hops, service, dontFragment, identification, payload, fill, sum, shape);
    }

    Datagram identified(boolean isDontFragment, int number) {
        return new Datagram(ipv4, flow, sourceMac, hops, service, isDontFragment, number, payload, fill, sum, shape);
    }

    /** Returns the frame behind its virtio-net header. */
    byte[] bytes() {
        int tail = shape == Shape.TAIL ? 4 : 0;
        int more = shape == Shape.OPTIONS || shape == Shape.FRAGMENT && !ipv4 ? 8 : 0;
        int header = (ipv4 ? 20 : 40) + more;
        int l4 = VNET + ETHERNET + header;
        int udp = 8 + payload;
        byte[] bytes = new byte[l4 + udp + tail + (shape == Shape.PADDED ? 6 : 0)];
        ByteBuffer frame = ByteBuffer.wrap(bytes);
        frame.position(VNET).putLong(0x0200_0000_0007_0200L).putInt(sourceMac);
        if (ipv4) {
            putIpv4(frame, header, udp + tail);
        } else {
            putIpv6(frame, more, udp + tail);
        }
        frame.position(l4)
                .putShort((short) 40_000)
                .putShort((short) (FIRST_PORT + flow))
                .putShort((short) udp);
        for (int i = 0; i < payload + tail; i++) {
            bytes[l4 + 8 + i] = (byte) (fill + i * 7);
        }
        putChecksum(frame, l4, udp);
        return bytes;
    }

    private void putIpv4(ByteBuffer frame, int header, int length) {
        int fragment = (dontFragment ? 0x4000 : 0) | (shape == Shape.FRAGMENT ? 0x2000 : 0);
        frame.putShort((short) 0x0800).put((byte) (0x40 | header / 4)).put((byte) service);
        frame.putShort((short) (header + length)).putShort((short) identification);
        frame.putShort((short) fragment).put((byte) hops).put((byte) 17).putShort((short) 0);
        frame.putInt(0x0A000001).putInt(0x0A000100 + flow);
        for (int i = 20; i < header; i++) {
            frame.put((byte) 1);
        }
        int l3 = VNET + ETHERNET;
        frame.putShort(l3 + 10, (short) ~Segments.sum(frame.array(), l3, header, 0));
    }

    private void putIpv6(ByteBuffer frame, int more, int length) {
        frame.putShort((short) 0x86DD).putInt(6 << 28 | service << 20 | flow);
        frame.putShort((short) (more + length))
                .put((byte) (shape == Shape.FRAGMENT ? 44 : more > 0 ? 60 : 17))
                .put((byte) hops);
        frame.putLong(0xFD00_0000_0000_0000L).putLong(1);
        frame.putLong(0xFD00_0000_0000_0000L).putLong(0x100 + flow);
        if (more > 0) {
            frame.put((byte) 17).put((byte) 0).putShort((short) (shape == Shape.FRAGMENT ? 1 : 0x0104));
            frame.putInt(identification & 0xFF00); // of the option: padding
        }
    }

    private void putChecksum(ByteBuffer frame, int l4, int udp) {
        if (sum == Sum.NONE) {
            return;
        }
        int pseudo = Segments.pseudoHeader(frame.array(), udp);
        if (sum == Sum.PARTIAL) {
            frame.putShort(l4 + 6, (short) pseudo);
            frame.put(0, (byte) 1).order(ByteOrder.LITTLE_ENDIAN);
            frame.putShort(6, (short) (l4 - VNET)).putShort(8, (short) 6).order(ByteOrder.BIG_ENDIAN);
            return;
        }
        int complete = ~Segments.sum(frame.array(), l4, udp, pseudo) & 0xFFFF;
        frame.putShort(l4 + 6, (short) (complete == 0 ? 0xFFFF : complete));
        if (sum == Sum.WRONG) {
            frame.put(l4 + 7, (byte) (frame.get(l4 + 7) ^ 1));
        } else if (sum == Sum.VERIFIED) {
            frame.put(0, (byte) 2);
        }
    }
}
