package io.towpath.dataplane.vectors;

import java.nio.charset.StandardCharsets;

/**
 * A transport header and its payload.
 *
 * @param protocol of IPv4; ICMP is ICMPv6 in an IPv6 packet
 * @param bytes checksum 0
 * @param checksumAt where the checksum goes; negative where there is none
 */
record L4(int protocol, byte[] bytes, int checksumAt) {
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int SCTP = 132;

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;

    /** Makes the same packet for any ports. */
    interface Maker {
        L4 make(int sourcePort, int destinationPort);
    }

    private static byte[] ports(int length, int sourcePort, int destinationPort) {
        byte[] bytes = new byte[length];
        Bytes.put16(bytes, 0, sourcePort);
        Bytes.put16(bytes, 2, destinationPort);
        return bytes;
    }

    static L4 tcp(int sourcePort, int destinationPort, int flags, int sequence, int ack, String payload) {
        byte[] header = ports(20, sourcePort, destinationPort);
        Bytes.put32(header, 4, sequence);
        Bytes.put32(header, 8, (flags & ACK) == 0 ? 0 : ack);
        header[12] = 0x50;
        header[13] = (byte) flags;
        Bytes.put16(header, 14, 64240);
        return new L4(TCP, Bytes.concat(header, text(payload)), 16);
    }

    static Maker tcp(int flags, int sequence, int ack, String payload) {
        return (source, destination) -> tcp(source, destination, flags, sequence, ack, payload);
    }

    static L4 udp(int sourcePort, int destinationPort, byte[] payload) {
        byte[] header = ports(8, sourcePort, destinationPort);
        Bytes.put16(header, 4, 8 + payload.length);
        return new L4(UDP, Bytes.concat(header, payload), 6);
    }

    static Maker udp(String payload) {
        return (source, destination) -> udp(source, destination, text(payload));
    }

    static Maker udp(byte[] payload) {
        return (source, destination) -> udp(source, destination, payload);
    }

    /** UDP without checksum (RFC 768). */
    static Maker udpUnsummed(String payload) {
        return (source, destination) ->
                new L4(UDP, udp(source, destination, text(payload)).bytes(), -1);
    }

    /** An SCTP packet of chunks (RFC 9260 section 3). */
    static Maker sctp(int tag, byte[]... chunks) {
        return (source, destination) -> {
            byte[] header = ports(12, source, destination);
            Bytes.put32(header, 4, tag);
            return new L4(SCTP, Bytes.concat(header, Bytes.concat(chunks)), 8);
        };
    }

    static byte[] chunk(int type, int flags, byte[] value) {
        byte[] chunk = new byte[4 + (value.length + 3 & ~3)];
        chunk[0] = (byte) type;
        chunk[1] = (byte) flags;
        Bytes.put16(chunk, 2, 4 + value.length);
        System.arraycopy(value, 0, chunk, 4, value.length);
        return chunk;
    }

    /** An ICMP message; {@code word} is its second word. */
    static L4 icmp(int type, int code, int word, byte[] data) {
        byte[] header = new byte[8];
        header[0] = (byte) type;
        header[1] = (byte) code;
        Bytes.put32(header, 4, word);
        return new L4(ICMP, Bytes.concat(header, data), 2);
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
