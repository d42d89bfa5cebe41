package io.towpath.dataplane.lab;

import io.towpath.dataplane.pipeline.Packets;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Packets as pods send them, ordinary and odd ones, from their IP headers on; each group belongs together. */
final class AnyPackets {
    private static final int SYN = 2;
    private static final int PSH_ACK = 24;
    private static final int EXPERIMENTAL = 253;
    private static final int IPV4_HEADER = 20;

    private AnyPackets() {}

    static List<List<byte[]>> between(String from, String to) {
        boolean v4 = from.indexOf(':') < 0;
        List<List<byte[]>> groups = new ArrayList<>();
        byte[] udp = ip(Packets.udp(from, 40_001, to, 53));
        groups.add(List.of(ip(Packets.tcp(from, 40_000, to, 80, SYN, 1, 0))));
        groups.add(List.of(ip(Packets.tcp(from, 40_000, to, 80, PSH_ACK, 2, 77))));
        groups.add(List.of(udp));
        groups.add(List.of(ip(Packets.unreachable(from, to, Packets.udp(to, 53, from, 40_009)))));
        groups.add(List.of(changed(udp, udp.length - 1, 0x55))); // its checksum is wrong
        groups.add(List.of(v4 ? summed(changed(udp, 1, 0xBB)) : changed(udp, 1, 0xB0))); // DSCP and ECN
        groups.add(List.of(unknownProtocol(udp, v4)));
        if (v4) {
            groups.add(List.of(changed(changed(udp, 26, udp[26]), 27, udp[27]))); // has no checksum
            groups.add(List.of(withOptions(udp)));
            groups.add(fragments(udp));
        }
        return groups;
    }

    private static byte[] ip(byte[] frame) {
        return Arrays.copyOfRange(frame, 14, frame.length);
    }

    /** Flips bits of one byte. */
    private static byte[] changed(byte[] packet, int at, int bits) {
        byte[] copy = packet.clone();
        copy[at] ^= (byte) bits;
        return copy;
    }

    /** As large as a link takes it. */
    private static byte[] unknownProtocol(byte[] udp, boolean v4) {
        int header = v4 ? IPV4_HEADER : 40;
        byte[] packet = Arrays.copyOf(udp, 1500);
        byte[] random = new byte[1500 - header];
        new Random(7).nextBytes(random);
        System.arraycopy(random, 0, packet, header, random.length);
        packet[v4 ? 9 : 6] = (byte) EXPERIMENTAL;
        ByteBuffer.wrap(packet).putShort(v4 ? 2 : 4, (short) (v4 ? 1500 : 1460));
        return v4 ? summed(packet) : packet;
    }

    /** Three NOPs and an end of the list. */
    private static byte[] withOptions(byte[] udp) {
        ByteBuffer packet = ByteBuffer.allocate(udp.length + 4);
        packet.put(udp, 0, IPV4_HEADER).put(new byte[] {1, 1, 1, 0});
        packet.put(udp, IPV4_HEADER, udp.length - IPV4_HEADER);
        packet.put(0, (byte) 0x46).putShort(2, (short) packet.capacity());
        return summed(packet.array());
    }

    private static List<byte[]> fragments(byte[] udp) {
        int first = 1480;
        byte[] payload = new byte[2_000];
        new Random(8).nextBytes(payload);
        ByteBuffer.wrap(payload)
                .putShort(0, (short) 40_002)
                .putShort(2, (short) 53)
                .putShort(4, (short) payload.length)
                .putShort(6, (short) 0);
        return List.of(fragment(udp, payload, 0, first, true), fragment(udp, payload, first, payload.length, false));
    }

    private static byte[] fragment(byte[] udp, byte[] payload, int from, int to, boolean more) {
        ByteBuffer packet = ByteBuffer.allocate(IPV4_HEADER + to - from);
        packet.put(udp, 0, IPV4_HEADER).put(payload, from, to - from);
        packet.putShort(2, (short) packet.capacity()).putShort(4, (short) 0x1234);
        packet.putShort(6, (short) (from / 8 | (more ? 0x2000 : 0)));
        return summed(packet.array());
    }

    /** Returns the packet one hop later, as a router must change it: hop count and, in IPv4, header checksum. */
    static byte[] hopsLater(byte[] packet, int hops) {
        byte[] copy = packet.clone();
        if (copy[0] >> 4 == 6) {
            copy[7] -= (byte) hops;
            return copy;
        }
        copy[8] -= (byte) hops;
        return summed(copy);
    }

    private static byte[] summed(byte[] packet) {
        int header = (packet[0] & 15) * 4;
        ByteBuffer bytes = ByteBuffer.wrap(packet).putShort(10, (short) 0);
        int sum = 0;
        for (int at = 0; at < header; at += 2) {
            sum += bytes.getShort(at) & 0xFFFF;
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        bytes.putShort(10, (short) ~((sum & 0xFFFF) + (sum >>> 16)));
        return packet;
    }
}
