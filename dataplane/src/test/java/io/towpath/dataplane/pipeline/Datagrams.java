package io.towpath.dataplane.pipeline;

import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Packets of any protocol, their fragments and what these make when put together again, byte by byte: shares no code with the codecs. IPv4
 * packets may have options, IPv6 packets a destination options header before the fragment header.
 */
final class Datagrams {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int SCTP = 132;
    static final int ICMP = 1;
    static final int ICMPV6 = 58;
    private static final int L2 = 14;

    private Datagrams() {}

    /** Service port 80 of 10.96.0.10 and fd96::10 for TCP, UDP and SCTP, one backend each on port 8080: 10.1.0.1 and fd01::1. Load balancer addresses are 198.51.100.10 and 2001:db8:1b::1. */
    static DesiredState services() {
        List<ServicePort> ports = Stream.of(Protocol.TCP, Protocol.UDP, Protocol.SCTP)
                .flatMap(protocol -> Stream.of(false, true).map(ipv6 -> service(protocol, ipv6)))
                .toList();
        return new DesiredState(
                ports,
                List.of(Prefix.parse("10.96.0.0/16"), Prefix.parse("fd96::/112")),
                List.of(Address.parse("192.168.0.2"), Address.parse("2001:db8::2")),
                new LocalDetector.BySource(List.of(Prefix.parse("10.1.0.0/16"), Prefix.parse("fd01::/16"))),
                false);
    }

    private static ServicePort service(Protocol protocol, boolean ipv6) {
        return new ServicePort(
                new ServicePortName("ns", "all", protocol.name(), protocol),
                ipv6,
                List.of(
                        new Vip(
                                VipKind.CLUSTER_IP,
                                Address.parse(ipv6 ? "fd96::10" : "10.96.0.10"),
                                80,
                                false,
                                List.of()),
                        new Vip(
                                VipKind.LOAD_BALANCER,
                                Address.parse(ipv6 ? "2001:db8:1b::1" : "198.51.100.10"),
                                80,
                                false,
                                List.of())),
                List.of(new BackendAddress(Address.parse(ipv6 ? "fd01::1" : "10.1.0.1"), 8080)),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }

    /** A transport header with its payload, checksum right. ICMP: an echo request, the source port its identifier. */
    static byte[] transport(
            int protocol, String source, int sourcePort, String destination, int destinationPort, byte[] payload) {
        int header = protocol == TCP ? 20 : protocol == SCTP ? 32 : 8;
        ByteBuffer l4 = ByteBuffer.allocate(header + payload.length);
        switch (protocol) {
            case TCP ->
                l4.putShort((short) sourcePort)
                        .putShort((short) destinationPort)
                        .putLong(1L << 32)
                        .putInt(0x5002_FAF0);
            case UDP ->
                l4.putShort((short) sourcePort)
                        .putShort((short) destinationPort)
                        .putShort((short) l4.capacity());
            case SCTP ->
                l4.putShort((short) sourcePort)
                        .putShort((short) destinationPort)
                        .putLong(0)
                        .putInt(0x0100_0000 | 20 + payload.length) // INIT, the payload its parameters
                        .putInt(7)
                        .putInt(65_535)
                        .putInt(0x0001_0001)
                        .putInt(1);
            default ->
                l4.put((byte) (protocol == ICMP ? 8 : 128))
                        .put(4, (byte) (sourcePort >>> 8))
                        .put(5, (byte) sourcePort);
        }
        System.arraycopy(payload, 0, l4.array(), header, payload.length);
        return checksummed(protocol, source, destination, l4.array());
    }

    /** Writes a transport's checksum. */
    static byte[] checksummed(int protocol, String source, String destination, byte[] l4) {
        ByteBuffer data = ByteBuffer.wrap(l4);
        int at = protocol == TCP ? 16 : protocol == UDP ? 6 : protocol == SCTP ? 8 : 2;
        if (protocol == SCTP) {
            data.putInt(at, 0);
            CRC32C crc = new CRC32C();
            crc.update(l4);
            data.putInt(at, Integer.reverseBytes((int) crc.getValue()));
        } else {
            data.putShort(at, (short) 0);
            int sum = ~(sum(l4, 0, l4.length) + pseudo(protocol, source, destination, l4.length));
            data.putShort(at, (short) (protocol == UDP && (short) fold(~sum) == -1 ? -1 : ~fold(~sum)));
        }
        return l4;
    }

    /** Returns the sum of the pseudo-header. */
    static int pseudo(int protocol, String source, String destination, int length) {
        if (protocol == ICMP) {
            return 0;
        }
        ByteBuffer header = ByteBuffer.allocate(40);
        for (String text : List.of(source, destination)) {
            Address address = Address.parse(text);
            if (address.isIpv4()) {
                header.putInt(address.ipv4());
            } else {
                header.putLong(address.hi()).putLong(address.lo());
            }
        }
        return sum(header.putInt(protocol).putInt(length).array(), 0, 40);
    }

    static int sum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (bytes[from + i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
        }
        return fold(sum);
    }

    static int fold(int sum) {
        int folded = (sum >>> 16) + (sum & 0xFFFF);
        return (folded >>> 16) + (folded & 0xFFFF);
    }

    /** A whole packet as a frame, without DF. {@code options} come before the transport: a multiple of 4 bytes of NOPs, or of 8 for IPv6. */
    static byte[] whole(int protocol, String source, String destination, int options, byte[] l4) {
        Address from = Address.parse(source);
        Address to = Address.parse(destination);
        boolean ipv4 = from.isIpv4();
        ByteBuffer frame = ByteBuffer.allocate(L2 + (ipv4 ? 20 : 40) + options + l4.length);
        frame.put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}).putShort((short) (ipv4 ? 0x0800 : 0x86DD));
        if (ipv4) {
            frame.put((byte) (0x45 + options / 4)).put((byte) 0).putShort((short) (frame.capacity() - L2));
            frame.putShort((short) 0x77AA)
                    .putShort((short) 0)
                    .put((byte) 64)
                    .put((byte) protocol)
                    .putShort((short) 0);
            frame.putInt(from.ipv4()).putInt(to.ipv4());
            byte[] nops = new byte[options];
            Arrays.fill(nops, (byte) 1);
            frame.put(nops).put(l4);
            return ipChecksummed(frame.array());
        }
        frame.putInt(0x6000_0000).putShort((short) (options + l4.length));
        frame.put((byte) (options > 0 ? 60 : protocol)).put((byte) 64);
        frame.putLong(from.hi()).putLong(from.lo()).putLong(to.hi()).putLong(to.lo());
        if (options > 0) {
            // One PadN that fills the header.
            frame.put((byte) protocol)
                    .put((byte) (options / 8 - 1))
                    .put((byte) 1)
                    .put((byte) (options - 4));
            frame.put(new byte[options - 4]);
        }
        return frame.put(l4).array();
    }

    private static byte[] ipChecksummed(byte[] frame) {
        ByteBuffer data = ByteBuffer.wrap(frame).putShort(L2 + 10, (short) 0);
        data.putShort(L2 + 10, (short) ~sum(frame, L2, headerLength(frame)));
        return frame;
    }

    static boolean isIpv4(byte[] frame) {
        return frame[L2] >>> 4 == 4;
    }

    private static int headerLength(byte[] frame) {
        if (isIpv4(frame)) {
            return (frame[L2] & 15) * 4;
        }
        return 40 + (frame[L2 + 6] == 60 ? (frame[L2 + 41] & 0xFF) * 8 + 8 : 0);
    }

    /** Cuts a whole packet's payload at the given offsets, multiples of 8. */
    static List<byte[]> fragments(byte[] frame, int identification, int... cuts) {
        int header = L2 + headerLength(frame);
        int payload = frame.length - header;
        List<byte[]> result = new ArrayList<>();
        for (int n = 0; n <= cuts.length; n++) {
            int from = n == 0 ? 0 : cuts[n - 1];
            int to = n == cuts.length ? payload : cuts[n];
            result.add(fragment(
                    frame,
                    identification,
                    from,
                    n < cuts.length,
                    Arrays.copyOfRange(frame, header + from, header + to)));
        }
        return result;
    }

    /** One fragment with a whole packet's header. */
    static byte[] fragment(byte[] frame, int identification, int offset, boolean more, byte[] payload) {
        int header = L2 + headerLength(frame);
        if (isIpv4(frame)) {
            ByteBuffer cut = ByteBuffer.allocate(header + payload.length)
                    .put(frame, 0, header)
                    .put(payload);
            cut.putShort(L2 + 2, (short) (header - L2 + payload.length)).putShort(L2 + 4, (short) identification);
            cut.putShort(L2 + 6, (short) ((more ? 0x2000 : 0) | offset / 8));
            return ipChecksummed(cut.array());
        }
        ByteBuffer cut = ByteBuffer.allocate(header + 8 + payload.length).put(frame, 0, header);
        int nextAt = frame[L2 + 6] == 60 ? L2 + 40 : L2 + 6;
        cut.put(frame[nextAt])
                .put((byte) 0)
                .putShort((short) (offset | (more ? 1 : 0)))
                .putInt(identification);
        cut.put(payload).put(nextAt, (byte) 44);
        return cut.putShort(L2 + 4, (short) (header - L2 - 40 + 8 + payload.length))
                .array();
    }

    /** What a fragment says of itself: {@code identification offset+length more}. */
    static String place(byte[] fragment) {
        ByteBuffer data = ByteBuffer.wrap(fragment);
        int at = L2 + headerLength(fragment);
        return isIpv4(fragment)
                ? "%x %d+%d %b"
                        .formatted(
                                data.getShort(L2 + 4),
                                offset(fragment),
                                fragment.length - at,
                                (data.getShort(L2 + 6) & 0x2000) != 0)
                : "%x %d+%d %b"
                        .formatted(
                                data.getInt(at + 4),
                                offset(fragment),
                                fragment.length - at - 8,
                                (data.getShort(at + 2) & 1) != 0);
    }

    static int offset(byte[] fragment) {
        ByteBuffer data = ByteBuffer.wrap(fragment);
        return isIpv4(fragment)
                ? (data.getShort(L2 + 6) & 0x1FFF) * 8
                : data.getShort(L2 + headerLength(fragment) + 2) & 0xFFF8;
    }

    /** Puts the fragments of one packet together, in any order: the packet as it would be had it never been cut. */
    static byte[] reassembled(List<byte[]> fragments, int identification) {
        List<byte[]> sorted = fragments.stream()
                .sorted((a, b) -> Integer.compare(offset(a), offset(b)))
                .toList();
        byte[] first = sorted.getFirst();
        int header = L2 + headerLength(first);
        int skip = isIpv4(first) ? 0 : 8;
        ByteBuffer result = ByteBuffer.allocate(
                header + sorted.stream().mapToInt(f -> f.length - header - skip).sum());
        result.put(first, 0, header);
        sorted.forEach(f -> result.put(f, header + skip, f.length - header - skip));
        if (isIpv4(first)) {
            result.putShort(L2 + 2, (short) (result.capacity() - L2))
                    .putShort(L2 + 4, (short) identification)
                    .putShort(L2 + 6, (short) 0);
            return ipChecksummed(result.array());
        }
        int nextAt = first[L2 + 6] == 60 ? L2 + 40 : L2 + 6;
        result.put(nextAt, first[header]).putShort(L2 + 4, (short) (result.capacity() - L2 - 40));
        return result.array();
    }
}
