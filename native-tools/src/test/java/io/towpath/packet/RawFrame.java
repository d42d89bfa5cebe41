package io.towpath.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A frame's bytes with its virtio-net header in front, made and changed without the codecs. Offsets are from the Ethernet header. */
final class RawFrame {
    static final int VNET = 10;
    static final int TYPE = 12;
    static final int L3 = 14;
    static final int IPV4_L4 = 34;
    static final int IPV6_L4 = 54;

    private static final int IPV4_CHECKSUM = L3 + 10;

    private byte[] bytes;

    private RawFrame(byte[] bytes) {
        this.bytes = bytes;
    }

    /** From 10.0.0.1 to 10.96.0.10, ports 0xABCD and 443, with 6 bytes of payload. */
    static RawFrame ipv4(int protocol) {
        byte[] l4 = transport(protocol);
        ByteBuffer frame = ethernet(0x0800, 20 + l4.length);
        frame.putShort((short) 0x4500).putShort((short) (20 + l4.length)).putInt(0x1234_4000);
        frame.put((byte) 64).put((byte) protocol).putShort((short) 0);
        frame.putInt(0x0A00_0001).putInt(0x0A60_000A).put(l4);
        return new RawFrame(frame.array()).sum();
    }

    /** From fd00::1 to fd00:96::a, else the same. */
    static RawFrame ipv6(int protocol) {
        byte[] l4 = transport(protocol);
        ByteBuffer frame = ethernet(0x86DD, 40 + l4.length);
        frame.putInt(0x6AB1_2345)
                .putShort((short) l4.length)
                .put((byte) protocol)
                .put((byte) 64);
        frame.putLong(0xFD00L << 48)
                .putLong(1)
                .putLong(0xFD00_0096L << 32)
                .putLong(10)
                .put(l4);
        return new RawFrame(frame.array());
    }

    private static ByteBuffer ethernet(int type, int payload) {
        return ByteBuffer.allocate(VNET + L3 + payload)
                .position(VNET)
                .put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1})
                .putShort((short) type);
    }

    private static byte[] transport(int protocol) {
        ByteBuffer l4 = ByteBuffer.allocate(protocol == FiveTuple.UDP ? 14 : 26);
        l4.putShort((short) 0xABCD).putShort((short) 443);
        if (protocol == FiveTuple.UDP) {
            l4.putShort((short) 14);
        } else {
            l4.putInt(1).putInt(2).put((byte) 0x50).put((byte) 0x18);
        }
        return l4.array();
    }

    int u8(int at) {
        return bytes[VNET + at] & 0xFF;
    }

    int u16(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    RawFrame u8(int at, int value) {
        bytes[VNET + at] = (byte) value;
        return this;
    }

    RawFrame u16(int at, int value) {
        return u8(at, value >>> 8).u8(at + 1, value);
    }

    /** Bytes from the Ethernet header on. */
    int length() {
        return bytes.length - VNET;
    }

    /** Cuts it off, or appends zeros. */
    RawFrame length(int length) {
        bytes = Arrays.copyOf(bytes, VNET + length);
        return this;
    }

    /** Makes the sum of an IPv4 header right, of as many bytes as it says it has. */
    RawFrame sum() {
        return u16(IPV4_CHECKSUM, 0).u16(IPV4_CHECKSUM, ~ipv4Sum() & 0xFFFF);
    }

    /** Returns the sum of the IPv4 header, 0xFFFF where it is right. */
    int ipv4Sum() {
        int end = Math.min(L3 + (u8(L3) & 15) * 4, length() - 1);
        int sum = 0;
        for (int at = L3; at < end; at += 2) {
            sum += u16(at);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    RawFrame copy() {
        return new RawFrame(bytes.clone());
    }

    /** Appends it to a burst. Returns what is behind its last byte in the burst's memory. */
    long addTo(Burst burst, long start) {
        MemorySegment.copy(bytes, 0, burst.frames, ValueLayout.JAVA_BYTE, start, bytes.length);
        burst.add(0, 0, start + VNET, length());
        return start + bytes.length;
    }

    /** Makes it the burst's only frame, at the end of its memory, so that a read beyond it is a fault. */
    void putInto(Burst burst) {
        burst.clear();
        addTo(burst, burst.frames.byteSize() - bytes.length);
    }
}
