package io.towpath.dataplane.pipeline;

import io.towpath.wire.Address;
import java.nio.ByteBuffer;

/** Builds and checks frames byte by byte, sharing no code with the codecs. */
public final class Packets {
    private Packets() {}

    public static byte[] tcp(
            String source, int sourcePort, String destination, int destinationPort, int flags, int sequence, int ack) {
        ByteBuffer l4 = ByteBuffer.allocate(24);
        l4.putShort((short) sourcePort)
                .putShort((short) destinationPort)
                .putInt(sequence)
                .putInt(ack);
        l4.put((byte) 0x50).put((byte) flags).putShort((short) 64240).putInt(0).putInt(0x746F7770);
        return packet(source, destination, 6, l4.array(), 16);
    }

    public static byte[] udp(String source, int sourcePort, String destination, int destinationPort) {
        ByteBuffer l4 = ByteBuffer.allocate(13);
        l4.putShort((short) sourcePort)
                .putShort((short) destinationPort)
                .putShort((short) 13)
                .putShort((short) 0);
        l4.put((byte) 't').put((byte) 'o').put((byte) 'w').put((byte) 0).put((byte) -1);
        return packet(source, destination, 17, l4.array(), 6);
    }

    /** An ICMP destination unreachable (port) that quotes the IP packet of a frame. */
    public static byte[] unreachable(String source, String destination, byte[] frame) {
        int quoted = frame.length - 14;
        boolean ipv4 = Address.parse(source).isIpv4();
        ByteBuffer l4 = ByteBuffer.allocate(8 + quoted);
        l4.put((byte) (ipv4 ? 3 : 1)).put((byte) (ipv4 ? 3 : 4)).position(8).put(frame, 14, quoted);
        return packet(source, destination, ipv4 ? 1 : 58, l4.array(), 2);
    }

    /** A neighbor solicitation for an address to that address, hop limit 255. */
    public static byte[] neighborSolicitation(String source, String target, long sourceMac) {
        Address asked = Address.parse(target);
        ByteBuffer l4 = ByteBuffer.allocate(32);
        l4.put((byte) 135).position(8);
        l4.putLong(asked.hi()).putLong(asked.lo()).putShort((short) 0x0101);
        l4.putShort((short) (sourceMac >>> 32)).putInt((int) sourceMac);
        byte[] frame = packet(source, target, 58, l4.array(), 2);
        frame[21] = (byte) 255;
        return frame;
    }

    private static byte[] packet(String source, String destination, int protocol, byte[] l4, int checksumAt) {
        Address from = Address.parse(source);
        Address to = Address.parse(destination);
        boolean ipv4 = from.isIpv4();
        int sum = protocol == 1 ? 0 : pseudo(from, to, protocol, l4.length);
        int checksum = ~sum(l4, 0, l4.length, sum) & 0xFFFF;
        l4[checksumAt] = (byte) (checksum >>> 8);
        l4[checksumAt + 1] = (byte) checksum;
        ByteBuffer frame = ByteBuffer.allocate(14 + (ipv4 ? 20 : 40) + l4.length);
        frame.put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}).putShort((short) (ipv4 ? 0x0800 : 0x86DD));
        if (ipv4) {
            frame.putShort((short) 0x4500)
                    .putShort((short) (20 + l4.length))
                    .putInt(0x4000)
                    .put((byte) 64);
            frame.put((byte) protocol).putShort((short) 0).putInt(from.ipv4()).putInt(to.ipv4());
            frame.putShort(24, (short) ~sum(frame.array(), 14, 20, 0));
        } else {
            frame.putInt(6 << 28)
                    .putShort((short) l4.length)
                    .put((byte) protocol)
                    .put((byte) 64);
            frame.putLong(from.hi()).putLong(from.lo()).putLong(to.hi()).putLong(to.lo());
        }
        return frame.put(l4).array();
    }

    private static int pseudo(Address from, Address to, int protocol, int length) {
        ByteBuffer header = ByteBuffer.allocate(40);
        if (from.isIpv4()) {
            header.putInt(from.ipv4()).putInt(to.ipv4());
        } else {
            header.putLong(from.hi()).putLong(from.lo()).putLong(to.hi()).putLong(to.lo());
        }
        header.putInt(protocol).putInt(length);
        return sum(header.array(), 0, 40, 0);
    }

    private static int sum(byte[] bytes, int from, int length, int initial) {
        int sum = initial;
        for (int i = 0; i < length; i += 2) {
            sum += (bytes[from + i] & 0xFF) << 8 | (i + 1 < length ? bytes[from + i + 1] & 0xFF : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    /** Returns whether IP and transport checksums of a frame are right, computed from scratch; ICMP's quoted ones are not looked at. */
    public static boolean checksumsValid(byte[] frame) {
        ByteBuffer data = ByteBuffer.wrap(frame);
        boolean ipv4 = frame[14] >>> 4 == 4;
        int header = ipv4 ? 20 : 40;
        int protocol = ipv4 ? frame[23] : frame[20];
        int length = ipv4 ? data.getShort(16) - 20 : data.getShort(18);
        int sum = 0;
        if (protocol != 1) {
            Address from = ipv4 ? Address.ofIpv4(data.getInt(26)) : new Address(data.getLong(22), data.getLong(30));
            Address to = ipv4 ? Address.ofIpv4(data.getInt(30)) : new Address(data.getLong(38), data.getLong(46));
            sum = pseudo(from, to, protocol, length);
        }
        boolean headerValid = !ipv4 || sum(frame, 14, 20, 0) == 0xFFFF;
        return headerValid && sum(frame, 14 + header, length, sum) == 0xFFFF;
    }

    /** Describes a frame, such as {@code 10.0.0.1:1000 > 10.96.0.1:80}. */
    public static String tuple(byte[] frame) {
        ByteBuffer data = ByteBuffer.wrap(frame);
        boolean ipv4 = frame[14] >>> 4 == 4;
        int l4 = ipv4 ? 34 : 54;
        Address from = ipv4 ? Address.ofIpv4(data.getInt(26)) : new Address(data.getLong(22), data.getLong(30));
        Address to = ipv4 ? Address.ofIpv4(data.getInt(30)) : new Address(data.getLong(38), data.getLong(46));
        int protocol = ipv4 ? frame[23] : frame[20];
        if (protocol == 1 || protocol == 58) {
            return "icmp " + from + " > " + to;
        }
        return from.withPort(data.getShort(l4) & 0xFFFF) + " > " + to.withPort(data.getShort(l4 + 2) & 0xFFFF);
    }
}
