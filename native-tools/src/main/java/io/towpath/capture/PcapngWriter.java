package io.towpath.capture;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes Ethernet frames to a pcapng file, little-endian, nanosecond time stamps. The same calls give the same bytes. */
public final class PcapngWriter implements AutoCloseable {
    private static final int SECTION_HEADER = 0x0A0D0D0A;
    private static final int BYTE_ORDER_MAGIC = 0x1A2B3C4D;
    private static final int INTERFACE_BLOCK = 1;
    private static final int ENHANCED_PACKET_BLOCK = 6;
    private static final int OPTION_NAME = 2;
    private static final int OPTION_RESOLUTION = 9;
    private static final int NANOSECONDS = 9;

    private final OutputStream output;
    private final Map<String, Integer> interfaces = new LinkedHashMap<>();

    private PcapngWriter(OutputStream output) {
        this.output = output;
    }

    public static PcapngWriter create(Path file) throws IOException {
        PcapngWriter writer = new PcapngWriter(new BufferedOutputStream(Files.newOutputStream(file)));
        ByteBuffer body = buffer(16)
                .putInt(BYTE_ORDER_MAGIC)
                .putShort((short) 1)
                .putShort((short) 0)
                .putLong(-1);
        writer.block(SECTION_HEADER, body);
        return writer;
    }

    /** Appends a frame; an interface that was not announced is, now. */
    public void write(String interfaceName, long timestampNs, MemorySegment frames, long l2, int length)
            throws IOException {
        int number = announce(interfaceName);
        ByteBuffer body = buffer(20 + padded(length));
        body.putInt(number)
                .putInt((int) (timestampNs >>> 32))
                .putInt((int) timestampNs)
                .putInt(length)
                .putInt(length);
        MemorySegment.copy(frames, ValueLayout.JAVA_BYTE, l2, body.array(), 20, length);
        block(ENHANCED_PACKET_BLOCK, body);
    }

    /** Writes an interface's block, once for each name. Returns its number. */
    public int announce(String name) throws IOException {
        Integer known = interfaces.get(name);
        if (known != null) {
            return known;
        }
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = buffer(8 + 4 + padded(text.length) + 8 + 4);
        body.putShort((short) CaptureReader.LINK_ETHERNET).putShort((short) 0).putInt(0);
        body.putShort((short) OPTION_NAME).putShort((short) text.length).put(text);
        body.position(12 + padded(text.length));
        body.putShort((short) OPTION_RESOLUTION).putShort((short) 1).put((byte) NANOSECONDS);
        block(INTERFACE_BLOCK, body);
        int number = interfaces.size();
        interfaces.put(name, number);
        return number;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int padded(int length) {
        return length + 3 & ~3;
    }

    private void block(int type, ByteBuffer body) throws IOException {
        int length = body.capacity() + 12;
        output.write(buffer(8).putInt(type).putInt(length).array());
        output.write(body.array());
        output.write(buffer(4).putInt(length).array());
    }

    @Override
    public void close() throws IOException {
        output.close();
    }
}
