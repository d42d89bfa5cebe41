package io.towpath.dataplane.vectors;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * An IPv4 or IPv6 packet.
 *
 * @param hops TTL or hop limit
 * @param identification of IPv4
 * @param flags and fragment offset of IPv4
 * @param options of IPv4, or extension headers of IPv6, whose first header is of type {@code extension}
 * @param wrong what its transport checksum is off by: in one's complement, so that a translation keeps it
 * @param wrongHeader the same of the IPv4 header's
 */
record Ip(
        String source,
        String destination,
        int hops,
        int identification,
        int flags,
        int extension,
        byte[] options,
        L4 l4,
        int wrong,
        int wrongHeader)
        implements Packet {
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int ICMPV6 = 58;

    /** Returns a packet with 64 hops to go, which must not be fragmented. */
    static Ip of(String source, String destination, L4 l4) {
        return new Ip(source, destination, 64, 0x2A17, DONT_FRAGMENT, -1, new byte[0], l4, 0, 0);
    }

    Ip hops(int left) {
        return new Ip(source, destination, left, identification, flags, extension, options, l4, wrong, wrongHeader);
    }

    /** Returns the packet as a router sends it on. */
    Ip forwarded() {
        return hops(hops - 1);
    }

    Ip identification(int number) {
        return new Ip(source, destination, hops, number, flags, extension, options, l4, wrong, wrongHeader);
    }

    /** Returns the packet without DF. */
    Ip fragmentable() {
        return new Ip(source, destination, hops, identification, 0, extension, options, l4, wrong, wrongHeader);
    }

    /** Returns the packet with a wrong transport checksum. */
    Ip damaged() {
        return new Ip(source, destination, hops, identification, flags, extension, options, l4, 0x0101, wrongHeader);
    }

    /** Returns the packet with a wrong checksum of the IPv4 header. */
    Ip damagedHeader() {
        return new Ip(source, destination, hops, identification, flags, extension, options, l4, wrong, 0x0202);
    }

    /** Returns the packet with options (IPv4) or extension headers (IPv6): their types and 8 bytes each, the last one's next header left out. */
    Ip options(byte[] ipv4, int firstExtension, byte[] ipv6) {
        byte[] chosen = isIpv6() ? ipv6 : ipv4;
        return new Ip(source, destination, hops, identification, flags, firstExtension, chosen, l4, wrong, wrongHeader);
    }

    boolean isIpv6() {
        return source.indexOf(':') >= 0;
    }

    private int protocol() {
        return isIpv6() && l4.protocol() == L4.ICMP ? ICMPV6 : l4.protocol();
    }

    static byte[] address(String text) {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    int headerLength() {
        return (isIpv6() ? 40 : 20) + options.length;
    }

    @Override
    public byte[] bytes() {
        return Bytes.concat(isIpv6() ? ipv6() : ipv4(), transport());
    }

    private byte[] ipv4() {
        byte[] header = Bytes.concat(new byte[20], options);
        header[0] = (byte) (0x40 + header.length / 4);
        Bytes.put16(header, 2, header.length + l4.bytes().length);
        Bytes.put16(header, 4, identification);
        Bytes.put16(header, 6, flags);
        header[8] = (byte) hops;
        header[9] = (byte) protocol();
        System.arraycopy(address(source), 0, header, 12, 4);
        System.arraycopy(address(destination), 0, header, 16, 4);
        put(header, 10, ~Bytes.sum(header) & 0xFFFF, wrongHeader);
        return header;
    }

    private byte[] ipv6() {
        byte[] header = Bytes.concat(new byte[40], options);
        header[0] = 0x60;
        Bytes.put16(header, 4, options.length + l4.bytes().length);
        header[6] = (byte) (options.length == 0 ? protocol() : extension);
        header[7] = (byte) hops;
        System.arraycopy(address(source), 0, header, 8, 16);
        System.arraycopy(address(destination), 0, header, 24, 16);
        if (options.length > 0) {
            header[lastExtension(header)] = (byte) protocol();
        }
        return header;
    }

    private int lastExtension(byte[] header) {
        int at = 40;
        int length = (header[at + 1] + 1) * 8;
        while (at + length < header.length) {
            at += length;
            length = (header[at + 1] + 1) * 8;
        }
        return at;
    }

    private byte[] transport() {
        byte[] bytes = l4.bytes().clone();
        if (l4.checksumAt() < 0) {
            return bytes;
        }
        if (l4.protocol() == L4.SCTP) {
            Bytes.put32(bytes, l4.checksumAt(), Bytes.crc32c(bytes) ^ wrong);
            return bytes;
        }
        byte[] pseudo = new byte[0];
        if (protocol() != L4.ICMP) {
            byte[] tail = new byte[8];
            Bytes.put32(tail, 0, bytes.length);
            tail[7] = (byte) protocol();
            pseudo = Bytes.concat(address(source), address(destination), tail);
        }
        int sum = ~Bytes.sum(Bytes.concat(pseudo, bytes)) & 0xFFFF;
        int field = l4.protocol() == L4.UDP && sum == 0 ? 0xFFFF : sum;
        put(bytes, l4.checksumAt(), field, wrong);
        return bytes;
    }

    private static void put(byte[] bytes, int at, int right, int error) {
        int off = right + error;
        Bytes.put16(bytes, at, (off & 0xFFFF) + (off >>> 16));
    }

    /** Returns the first bytes of the packet, all of them if it is shorter. */
    byte[] quote(int most) {
        byte[] all = bytes();
        return Arrays.copyOf(all, Math.min(all.length, most));
    }
}
