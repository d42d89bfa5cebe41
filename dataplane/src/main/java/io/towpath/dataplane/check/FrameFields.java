package io.towpath.dataplane.check;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Names the fields of a frame's headers, those of a quoted packet included. For people, and for any bytes; it shares nothing with the
 * codecs, so that it does not repeat their mistakes.
 */
final class FrameFields {
    private static final int IPV4 = 0x0800;
    private static final int ARP = 0x0806;
    private static final int IPV6 = 0x86DD;
    private static final int ICMP = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int FRAGMENT = 44;
    private static final int ICMPV6 = 58;
    private static final int SCTP = 132;
    private static final List<Integer> EXTENSIONS = List.of(0, 43, FRAGMENT, 60, 135);

    private final byte[] frame;
    private final List<Field> fields = new ArrayList<>();
    private int at;
    private String tuple = "";

    /** How a field's value is written. */
    private enum Format {
        NUMBER,
        HEX,
        IPV4,
        IPV6
    }

    /** A field of {@code length} bytes at {@code offset} of the frame. */
    record Field(String name, int offset, int length, Format format) {
        int end() {
            return offset + length;
        }

        boolean isChecksum() {
            return name.endsWith("checksum");
        }

        boolean equalIn(byte[] a, byte[] b) {
            return Arrays.equals(a, offset, end(), b, offset, end());
        }

        String text(byte[] bytes) {
            return switch (format) {
                case NUMBER -> Long.toString(number(bytes, offset, length));
                case HEX -> HexFormat.of().formatHex(bytes, offset, end());
                case IPV4 ->
                    "%d.%d.%d.%d"
                            .formatted(
                                    bytes[offset] & 0xFF,
                                    bytes[offset + 1] & 0xFF,
                                    bytes[offset + 2] & 0xFF,
                                    bytes[offset + 3] & 0xFF);
                case IPV6 -> ipv6(Arrays.copyOfRange(bytes, offset, end()));
            };
        }

        private static String ipv6(byte[] address) {
            try {
                return InetAddress.getByAddress(address).getHostAddress().replaceFirst("(^|:)(0(:|$)){2,}", "::");
            } catch (UnknownHostException e) {
                throw new IllegalStateException(e); // 16 bytes are an address
            }
        }
    }

    private FrameFields(byte[] frame) {
        this.frame = frame;
        try {
            ethernet();
        } catch (IndexOutOfBoundsException e) {
            // Cut off: the fields up to here count, and the rest is bytes.
        }
        while (at < frame.length) {
            add("byte " + at, 1, Format.HEX);
        }
    }

    /** Returns the fields in order; together they are the whole frame. */
    static List<Field> of(byte[] frame) {
        return new FrameFields(frame).fields;
    }

    /** Returns protocol, addresses and ports of the outer packet. */
    static String tuple(byte[] frame) {
        String tuple = new FrameFields(frame).tuple;
        return tuple.isEmpty() ? frame.length + " bytes" : tuple;
    }

    private static long number(byte[] bytes, int offset, int length) {
        long number = 0;
        for (int i = 0; i < length; i++) {
            number = number << 8 | bytes[offset + i] & 0xFF;
        }
        return number;
    }

    /** Adds a field and returns its value. */
    private int add(String name, int length, Format format) {
        if (at + length > frame.length) {
            throw new IndexOutOfBoundsException(at);
        }
        fields.add(new Field(name, at, length, format));
        at += length;
        return (int) number(frame, at - length, Math.min(length, 4));
    }

    private String lastText() {
        return fields.getLast().text(frame);
    }

    private void ethernet() {
        add("destination MAC", 6, Format.HEX);
        add("source MAC", 6, Format.HEX);
        int type = add("ethertype", 2, Format.HEX);
        while (type == 0x8100 || type == 0x88A8) {
            add("VLAN", 2, Format.HEX);
            type = add("ethertype", 2, Format.HEX);
        }
        switch (type) {
            case ARP -> arp();
            case IPV4 -> ipv4("");
            case IPV6 -> ipv6("");
            default -> {}
        }
    }

    private void arp() {
        add("ARP formats", 6, Format.HEX);
        tuple = "arp " + add("ARP operation", 2, Format.NUMBER);
        add("ARP sender MAC", 6, Format.HEX);
        add("ARP sender address", 4, Format.IPV4);
        add("ARP target MAC", 6, Format.HEX);
        add("ARP target address", 4, Format.IPV4);
    }

    private void ipv4(String prefix) {
        int start = at;
        String ip = prefix + "IPv4 ";
        int headerLength = (add(ip + "version and header length", 1, Format.HEX) & 15) * 4;
        add(ip + "type of service", 1, Format.HEX);
        add(ip + "total length", 2, Format.NUMBER);
        add(ip + "identification", 2, Format.HEX);
        int fragment = add(ip + "flags and fragment offset", 2, Format.HEX) & 0x1FFF;
        add(ip + "TTL", 1, Format.NUMBER);
        int protocol = add(ip + "protocol", 1, Format.NUMBER);
        add(ip + "header checksum", 2, Format.HEX);
        add(ip + "source", 4, Format.IPV4);
        String source = lastText();
        add(ip + "destination", 4, Format.IPV4);
        String destination = lastText();
        if (start + headerLength > at) {
            add(ip + "options", start + headerLength - at, Format.HEX);
        }
        transport(prefix, fragment == 0 ? protocol : -1, source, destination);
    }

    private void ipv6(String prefix) {
        String ip = prefix + "IPv6 ";
        add(ip + "version, traffic class and flow label", 4, Format.HEX);
        add(ip + "payload length", 2, Format.NUMBER);
        int next = add(ip + "next header", 1, Format.NUMBER);
        add(ip + "hop limit", 1, Format.NUMBER);
        add(ip + "source", 16, Format.IPV6);
        String source = lastText();
        add(ip + "destination", 16, Format.IPV6);
        String destination = lastText();
        while (EXTENSIONS.contains(next)) {
            boolean later = next == FRAGMENT && (number(frame, at + 2, 2) & 0xFFF8) != 0;
            int length = next == FRAGMENT ? 8 : (int) (number(frame, at + 1, 1) + 1) * 8;
            int header = next;
            next = later ? -1 : (int) number(frame, at, 1);
            add(ip + "extension header " + header, length, Format.HEX);
        }
        transport(prefix, next, source, destination);
    }

    private void transport(String prefix, int protocol, String source, String destination) {
        int ports = at;
        String name;
        switch (protocol) {
            case TCP -> {
                name = "TCP";
                tcp(prefix + "TCP ");
            }
            case UDP -> {
                name = "UDP";
                ports(prefix + "UDP ");
                add(prefix + "UDP length", 2, Format.NUMBER);
                add(prefix + "UDP checksum", 2, Format.HEX);
            }
            case SCTP -> {
                name = "SCTP";
                ports(prefix + "SCTP ");
                add(prefix + "SCTP verification tag", 4, Format.HEX);
                add(prefix + "SCTP checksum", 4, Format.HEX);
            }
            case ICMP, ICMPV6 -> {
                name = protocol == ICMP ? "ICMP" : "ICMPv6";
                describe(prefix, name + " type " + number(frame, at, 1), source, -1, destination);
                icmp(prefix, name + " ", protocol);
                return;
            }
            default -> name = protocol < 0 ? "fragment" : "protocol " + protocol;
        }
        boolean hasPorts = protocol == TCP || protocol == UDP || protocol == SCTP;
        describe(prefix, name, source, hasPorts ? ports : -1, destination);
    }

    private void describe(String prefix, String name, String source, int ports, String destination) {
        if (prefix.isEmpty()) {
            tuple = "%s %s > %s".formatted(name, end(source, ports), end(destination, ports < 0 ? -1 : ports + 2));
        }
    }

    private String end(String address, int port) {
        boolean ipv6 = address.indexOf(':') >= 0;
        return port < 0 ? address : (ipv6 ? "[" + address + "]" : address) + ":" + number(frame, port, 2);
    }

    private void ports(String header) {
        add(header + "source port", 2, Format.NUMBER);
        add(header + "destination port", 2, Format.NUMBER);
    }

    private void tcp(String header) {
        ports(header);
        add(header + "sequence", 4, Format.NUMBER);
        add(header + "acknowledgment", 4, Format.NUMBER);
        add(header + "header length and flags", 2, Format.HEX);
        add(header + "window", 2, Format.NUMBER);
        add(header + "checksum", 2, Format.HEX);
        add(header + "urgent pointer", 2, Format.NUMBER);
    }

    private void icmp(String prefix, String header, int protocol) {
        int type = add(prefix + header + "type", 1, Format.NUMBER);
        add(prefix + header + "code", 1, Format.NUMBER);
        add(prefix + header + "checksum", 2, Format.HEX);
        add(prefix + header + "second word", 4, Format.HEX);
        boolean error =
                protocol == ICMPV6 ? type < 128 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        if (!error || !prefix.isEmpty() || at == frame.length) {
            return;
        }
        if (frame[at] >>> 4 == 4) {
            ipv4("quoted ");
        } else if (frame[at] >>> 4 == 6) {
            ipv6("quoted ");
        }
    }
}
