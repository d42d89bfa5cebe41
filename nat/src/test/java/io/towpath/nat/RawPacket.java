package io.towpath.nat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * An IP packet without its tuple, built byte by byte by rules of its own: shares nothing with the codecs.
 *
 * @param headers IP header and what follows it up to the transport header, addresses and checksum 0
 * @param transport transport header and payload, ports and checksum 0
 * @param error what a {@link Sum#WRONG} checksum is off by
 */
record RawPacket(boolean ipv6, int protocol, byte[] headers, byte[] transport, int error) {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;
    private static final int ICMPV6 = 58;

    /** Which checksum the transport header has. */
    enum Sum {
        RIGHT,
        WRONG,
        NONE,
        /** The pseudo-header's sum, not complemented: virtio's NEEDS_CSUM. */
        PARTIAL
    }

    /** Addresses as two longs (IPv4 is v4-mapped) and ports; an echo message has its identifier in the first. */
    record Tuple(
            long sourceHi, long sourceLo, long destinationHi, long destinationLo, int sourcePort, int destinationPort) {
        static Tuple random(Random random, RawPacket shape) {
            long mapped = 0xFFFF_0000_0000L;
            boolean ipv6 = shape.ipv6();
            boolean ports = shape.protocol() == TCP || shape.protocol() == UDP || shape.protocol() == SCTP;
            return new Tuple(
                    ipv6 ? random.nextLong() : 0,
                    ipv6 ? random.nextLong() : mapped | random.nextInt() & 0xFFFF_FFFFL,
                    ipv6 ? random.nextLong() : 0,
                    ipv6 ? random.nextLong() : mapped | random.nextInt() & 0xFFFF_FFFFL,
                    1 + random.nextInt(65535),
                    ports ? 1 + random.nextInt(65535) : 0);
        }
    }

    static RawPacket random(Random random, boolean ipv6, int protocol) {
        int header = protocol == TCP ? 20 + 4 * random.nextInt(11) : protocol == SCTP ? 16 : 8;
        byte[] transport = new byte[header + random.nextInt(200)];
        random.nextBytes(transport);
        ByteBuffer l4 = ByteBuffer.wrap(transport);
        if (protocol == TCP) {
            transport[12] = (byte) (header / 4 << 4);
        } else if (protocol == UDP) {
            l4.putShort(4, (short) transport.length);
        } else if (protocol != SCTP) {
            l4.putShort(0, (short) (protocol == ICMPV6 ? 0x8000 : 0x0800));
        }
        int extra = random.nextInt(3);
        byte[] headers =
                ipv6 ? ipv6(protocol, extra, transport.length) : ipv4(random, protocol, extra, transport.length);
        return new RawPacket(ipv6, protocol, headers, transport, 1 + random.nextInt(0xFFFE));
    }

    private static byte[] ipv4(Random random, int protocol, int optionWords, int length) {
        int headerLength = 20 + 4 * optionWords;
        ByteBuffer header = ByteBuffer.allocate(headerLength);
        header.putShort((short) (0x4500 + (optionWords << 8)))
                .putShort((short) (headerLength + length))
                .putInt(random.nextInt() & 0xFFFF_4000)
                .put((byte) random.nextInt())
                .put((byte) protocol);
        for (int i = 20; i < headerLength; i++) {
            header.put(i, (byte) 1); // no operation
        }
        return header.array();
    }

    private static byte[] ipv6(int protocol, int extensions, int length) {
        ByteBuffer header = ByteBuffer.allocate(40 + 8 * extensions);
        header.putInt(0x6123_4567)
                .putShort((short) (8 * extensions + length))
                .put((byte) (extensions > 0 ? 60 : protocol))
                .put((byte) 64);
        for (int i = 0; i < extensions; i++) {
            header.put(40 + 8 * i, (byte) (i + 1 < extensions ? 60 : protocol))
                    .put(42 + 8 * i, (byte) 1)
                    .put(43 + 8 * i, (byte) 4);
        }
        return header.array();
    }

    int headerLength() {
        return headers.length;
    }

    private int checksumAt() {
        return headers.length + (protocol == TCP ? 16 : protocol == UDP ? 6 : protocol == SCTP ? 8 : 2);
    }

    /** Returns the packet of a tuple. */
    byte[] build(Tuple tuple, Sum sum) {
        ByteBuffer packet = ByteBuffer.allocate(headers.length + transport.length)
                .put(headers)
                .put(transport);
        if (ipv6) {
            packet.putLong(8, tuple.sourceHi()).putLong(16, tuple.sourceLo());
            packet.putLong(24, tuple.destinationHi()).putLong(32, tuple.destinationLo());
        } else {
            packet.putInt(12, (int) tuple.sourceLo()).putInt(16, (int) tuple.destinationLo());
            packet.putShort(10, (short) ~sum(packet.array(), 0, headers.length, 0));
        }
        boolean echo = protocol != TCP && protocol != UDP && protocol != SCTP;
        packet.putShort(headers.length + (echo ? 4 : 0), (short) tuple.sourcePort());
        if (!echo) {
            packet.putShort(headers.length + 2, (short) tuple.destinationPort());
        }
        checksum(packet, sum);
        return packet.array();
    }

    private void checksum(ByteBuffer packet, Sum sum) {
        int at = checksumAt();
        packet.putShort(at, (short) 0);
        if (protocol == SCTP) {
            packet.order(ByteOrder.LITTLE_ENDIAN).putInt(at, 0).putInt(at, crc(packet.array()));
            packet.putInt(at, packet.getInt(at) ^ (sum == Sum.WRONG ? error : 0));
            return;
        }
        int pseudo = pseudo(packet.array());
        int right = ~sum(packet.array(), headers.length, transport.length, pseudo) & 0xFFFF;
        int field =
                switch (sum) {
                    case RIGHT -> right;
                    case WRONG -> wrong(right);
                    case NONE -> 0;
                    case PARTIAL -> pseudo;
                };
        boolean otherZero = protocol == UDP && sum == Sum.RIGHT && field == 0;
        packet.putShort(at, (short) (otherZero ? 0xFFFF : field));
    }

    /** Neither right, nor one of the two zeros, one of which UDP takes for none. */
    private int wrong(int right) {
        int wrong = right ^ error;
        boolean zero = wrong == 0 || wrong == 0xFFFF;
        return zero ? right == 0x1234 ? 0x4321 : 0x1234 : wrong;
    }

    /** Returns what the transport checksum comes to: the same for two packets that are wrong by the same difference. */
    int difference(byte[] packet) {
        if (protocol == SCTP) {
            ByteBuffer copy = ByteBuffer.wrap(packet.clone()).order(ByteOrder.LITTLE_ENDIAN);
            int given = copy.getInt(checksumAt());
            copy.putInt(checksumAt(), 0);
            return given ^ crc(copy.array());
        }
        return sum(packet, headers.length, transport.length, pseudo(packet));
    }

    /** Completes a partial checksum as a device does. */
    byte[] completed(byte[] packet) {
        byte[] copy = packet.clone();
        int sum = ~sum(copy, headers.length, transport.length, 0) & 0xFFFF;
        ByteBuffer.wrap(copy).putShort(checksumAt(), (short) (protocol == UDP && sum == 0 ? 0xFFFF : sum));
        return copy;
    }

    private int crc(byte[] packet) {
        CRC32C crc = new CRC32C();
        crc.update(packet, headers.length, transport.length);
        return (int) crc.getValue();
    }

    private int pseudo(byte[] packet) {
        if (protocol == 1) {
            return 0;
        }
        int addresses = ipv6 ? sum(packet, 8, 32, 0) : sum(packet, 12, 8, 0);
        return sum(new byte[] {0, (byte) protocol}, 0, 2, sum(new byte[] {0, 0}, 0, 2, addresses + transport.length));
    }

    private static int sum(byte[] bytes, int from, int length, int initial) {
        int sum = (initial & 0xFFFF) + (initial >>> 16);
        for (int i = 0; i < length; i += 2) {
            sum += (bytes[from + i] & 0xFF) << 8 | (i + 1 < length ? bytes[from + i + 1] & 0xFF : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
