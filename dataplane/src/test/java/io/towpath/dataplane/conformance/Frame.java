package io.towpath.dataplane.conformance;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Ethernet frames built and read byte by byte, sharing no code with the codecs. */
final class Frame {
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMPV6 = 58;
    static final int SCTP = 132;

    private static final int ETHERNET = 14;
    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;
    private static final byte[] PAYLOAD = {'t', 'o', 'w', 'p', 'a', 't', 'h'};

    /** What a frame does in its connection. */
    enum Role {
        FIRST,
        REPLY,
        /** The third of a handshake. */
        ACK,
        DATA
    }

    /** One end of a connection. */
    record End(InetAddress address, int port) {
        static End of(String address, int port) {
            return new End(InetAddress.ofLiteral(address), port);
        }

        /** Reads {@code 10.0.0.1:80} or {@code [2001:db8::1]:80}. */
        static End parse(String text) {
            int colon = text.lastIndexOf(':');
            String address = text.substring(0, colon).replaceAll("[\\[\\]]", "");
            return of(address, Integer.parseInt(text.substring(colon + 1)));
        }

        @Override
        public String toString() {
            return address.getHostAddress() + " port " + port;
        }
    }

    final End source;
    final End destination;
    final int protocol;
    final int ttl;
    /** IP header bytes that no forwarding changes. */
    final byte[] header;
    /** Everything after the IP header. */
    final byte[] transport;
    /** Transport header and payload without ports and checksum. */
    final byte[] body;

    private Frame(End source, End destination, int protocol, int ttl, byte[] header, byte[] transport, byte[] body) {
        this.source = source;
        this.destination = destination;
        this.protocol = protocol;
        this.ttl = ttl;
        this.header = header;
        this.transport = transport;
        this.body = body;
    }

    static byte[] build(int protocol, End source, End destination, Role role) {
        byte[] from = source.address().getAddress();
        byte[] to = destination.address().getAddress();
        byte[] l4 =
                switch (protocol) {
                    case TCP -> tcp(source.port(), destination.port(), role);
                    case UDP -> udp(source.port(), destination.port());
                    default -> sctp(source.port(), destination.port(), role);
                };
        if (protocol == SCTP) {
            ByteBuffer.wrap(l4).order(ByteOrder.LITTLE_ENDIAN).putInt(8, crc32c(l4));
        } else {
            int checksum = ~sum(l4, pseudo(from, to, protocol, l4.length)) & 0xFFFF;
            ByteBuffer.wrap(l4).putShort(checksumAt(protocol), (short) (checksum == 0 ? 0xFFFF : checksum));
        }
        boolean ipv4 = from.length == 4;
        ByteBuffer frame = ByteBuffer.allocate(ETHERNET + (ipv4 ? IPV4_HEADER : IPV6_HEADER) + l4.length);
        frame.put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}).putShort((short) (ipv4 ? 0x0800 : 0x86DD));
        if (ipv4) {
            frame.putShort((short) 0x4500).putShort((short) (IPV4_HEADER + l4.length));
            frame.putShort((short) 1).putShort((short) 0x4000);
            frame.put((byte) 64)
                    .put((byte) protocol)
                    .putShort((short) 0)
                    .put(from)
                    .put(to);
            byte[] ip = Arrays.copyOfRange(frame.array(), ETHERNET, ETHERNET + IPV4_HEADER);
            frame.putShort(ETHERNET + 10, (short) ~sum(ip, 0));
        } else {
            frame.putInt(6 << 28)
                    .putShort((short) l4.length)
                    .put((byte) protocol)
                    .put((byte) 64);
            frame.put(from).put(to);
        }
        return frame.put(l4).array();
    }

    private static byte[] tcp(int from, int to, Role role) {
        byte[] payload = role == Role.DATA ? PAYLOAD : new byte[0];
        ByteBuffer l4 =
                ByteBuffer.allocate(20 + payload.length).putShort((short) from).putShort((short) to);
        switch (role) {
            case FIRST -> l4.putInt(1000).putInt(0).putShort((short) 0x5002);
            case REPLY -> l4.putInt(5000).putInt(1001).putShort((short) 0x5012);
            case ACK -> l4.putInt(1001).putInt(5001).putShort((short) 0x5010);
            case DATA -> l4.putInt(1001).putInt(5001).putShort((short) 0x5018);
        }
        return l4.putShort((short) 64_240).putInt(0).put(payload).array();
    }

    private static byte[] udp(int from, int to) {
        ByteBuffer l4 =
                ByteBuffer.allocate(8 + PAYLOAD.length).putShort((short) from).putShort((short) to);
        return l4.putInt((8 + PAYLOAD.length) << 16).put(PAYLOAD).array();
    }

    /** INIT, INIT-ACK with a state cookie, COOKIE-ECHO, DATA; the verification tag is the receiver's (RFC 9260). */
    private static byte[] sctp(int from, int to, Role role) {
        ByteBuffer l4 = ByteBuffer.allocate(64).putShort((short) from).putShort((short) to);
        switch (role) {
            case FIRST ->
                l4.putInt(0)
                        .putInt(0)
                        .putInt(0x0100_0014)
                        .putInt(7)
                        .putInt(65_535)
                        .putInt(0x1_0001)
                        .putInt(1);
            case REPLY -> {
                l4.putInt(7)
                        .putInt(0)
                        .putInt(0x0200_001C)
                        .putInt(9)
                        .putInt(65_535)
                        .putInt(0x1_0001)
                        .putInt(1);
                l4.putInt(0x0007_0008).putInt(1);
            }
            case ACK -> l4.putInt(9).putInt(0).putInt(0x0A00_0008).putInt(1);
            case DATA ->
                l4.putInt(9)
                        .putInt(0)
                        .putInt(0x0003_0018)
                        .putInt(1)
                        .putInt(0)
                        .putInt(0)
                        .put(PAYLOAD)
                        .put((byte) 0);
        }
        return Arrays.copyOf(l4.array(), l4.position());
    }

    /** @throws IllegalArgumentException saying which length or checksum is wrong */
    static Frame parse(byte[] frame) {
        ByteBuffer data = ByteBuffer.wrap(frame);
        boolean ipv4 = data.getShort(12) == 0x0800;
        int ip = ETHERNET;
        int start = ip + (ipv4 ? (frame[ip] & 15) * 4 : IPV6_HEADER);
        int end = ipv4 ? ip + (data.getShort(ip + 2) & 0xFFFF) : start + (data.getShort(ip + 4) & 0xFFFF);
        if (end > frame.length) {
            throw new IllegalArgumentException("the IP length is " + (end - ip) + ", the frame is shorter");
        }
        if (ipv4 && sum(Arrays.copyOfRange(frame, ip, start), 0) != 0xFFFF) {
            throw new IllegalArgumentException("wrong IPv4 header checksum");
        }
        byte[] from = ipv4 ? Arrays.copyOfRange(frame, ip + 12, ip + 16) : Arrays.copyOfRange(frame, ip + 8, ip + 24);
        byte[] to = ipv4 ? Arrays.copyOfRange(frame, ip + 16, ip + 20) : Arrays.copyOfRange(frame, ip + 24, ip + 40);
        int protocol = frame[ip + (ipv4 ? 9 : 6)] & 0xFF;
        byte[] l4 = Arrays.copyOfRange(frame, start, end);
        checkTransport(from, to, protocol, l4);
        boolean ports = protocol == TCP || protocol == UDP || protocol == SCTP;
        ByteBuffer transport = ByteBuffer.wrap(l4);
        return new Frame(
                new End(address(from), ports ? transport.getShort(0) & 0xFFFF : 0),
                new End(address(to), ports ? transport.getShort(2) & 0xFFFF : 0),
                protocol,
                frame[ip + (ipv4 ? 8 : 7)] & 0xFF,
                Arrays.copyOfRange(frame, ip, ip + (ipv4 ? 8 : 7)),
                l4,
                ports ? withoutPortsAndChecksum(protocol, l4) : l4);
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static void checkTransport(byte[] from, byte[] to, int protocol, byte[] l4) {
        if (protocol == SCTP) {
            if (ByteBuffer.wrap(l4).order(ByteOrder.LITTLE_ENDIAN).getInt(8) != crc32c(l4)) {
                throw new IllegalArgumentException("wrong SCTP CRC32c");
            }
            return;
        }
        if (protocol == UDP && l4[6] == 0 && l4[7] == 0) {
            throw new IllegalArgumentException("UDP checksum 0 (none) where there was one");
        }
        int initial = protocol == ICMP ? 0 : pseudo(from, to, protocol, l4.length);
        if (sum(l4, initial) != 0xFFFF) {
            throw new IllegalArgumentException("wrong checksum in protocol " + protocol);
        }
    }

    private static byte[] withoutPortsAndChecksum(int protocol, byte[] l4) {
        byte[] copy = Arrays.copyOfRange(l4, 4, l4.length);
        int at = checksumAt(protocol) - 4;
        Arrays.fill(copy, at, at + (protocol == SCTP ? 4 : 2), (byte) 0);
        return copy;
    }

    private static int checksumAt(int protocol) {
        return switch (protocol) {
            case TCP -> 16;
            case UDP -> 6;
            default -> 8;
        };
    }

    static int protocol(String name) {
        return switch (name) {
            case "TCP" -> TCP;
            case "UDP" -> UDP;
            default -> SCTP;
        };
    }

    /** CRC32c of an SCTP packet, its checksum field taken as 0. */
    private static int crc32c(byte[] l4) {
        byte[] copy = l4.clone();
        Arrays.fill(copy, 8, 12, (byte) 0);
        CRC32C crc = new CRC32C();
        crc.update(copy);
        return (int) crc.getValue();
    }

    private static int pseudo(byte[] from, byte[] to, int protocol, int length) {
        ByteBuffer header =
                ByteBuffer.allocate(40).put(from).put(to).putInt(protocol).putInt(length);
        return sum(header.array(), 0);
    }

    private static int sum(byte[] bytes, int initial) {
        int sum = initial;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | (i + 1 < bytes.length ? bytes[i + 1] & 0xFF : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
