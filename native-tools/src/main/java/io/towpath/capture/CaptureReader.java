package io.towpath.capture;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads packets one by one from a pcap or pcapng file of either byte order (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Reads
 * forward only and holds one packet at a time.
 */
public final class CaptureReader implements AutoCloseable {
    /** Link types of <a href="https://www.tcpdump.org/linktypes.html">the registry</a> that frames may have. */
    public static final int LINK_ETHERNET = 1;

    /** Raw IP: the registry's numbers for either version, IPv4 and IPv6, and those of the BSDs for either. */
    private static final Set<Integer> RAW_IP = Set.of(101, 228, 229, 12, 14);

    /** A packet or block beyond this is taken for a damaged file. */
    private static final int BLOCK_MAX = 16 << 20;

    private static final int PCAP_MICROSECONDS = 0xA1B2C3D4;
    private static final int PCAP_NANOSECONDS = 0xA1B23C4D;
    private static final int SECTION_HEADER = 0x0A0D0D0A;
    private static final int BYTE_ORDER_MAGIC = 0x1A2B3C4D;
    private static final int INTERFACE_BLOCK = 1;
    private static final int OLD_PACKET_BLOCK = 2;
    private static final int SIMPLE_PACKET_BLOCK = 3;
    private static final int ENHANCED_PACKET_BLOCK = 6;
    private static final int OPTION_NAME = 2;
    private static final int OPTION_RESOLUTION = 9;

    private final Path file;
    private final DataInputStream input;
    private final boolean pcapng;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private long offset;

    private final List<Interface> interfaces = new ArrayList<>();
    private Packet packet;

    private record Interface(String name, int linkType, long unitsPerSecond) {}

    /**
     * A captured packet.
     *
     * @param timestampNs since 1970
     * @param interfaceName name of the interface, empty where the file has none
     */
    public record Packet(long timestampNs, String interfaceName, int linkType, int originalLength, byte[] data) {}

    private CaptureReader(Path file, DataInputStream input, int magic) throws IOException {
        this.file = file;
        this.input = input;
        this.offset = 4;
        pcapng = magic == SECTION_HEADER;
        if (pcapng) {
            sectionHeader();
        } else {
            pcapHeader(magic);
        }
    }

    /** @throws CaptureException if the file is neither pcap nor pcapng */
    public static CaptureReader open(Path file) throws IOException {
        return open(file, Files.newInputStream(file));
    }

    /** @param file name for messages */
    static CaptureReader open(Path file, InputStream bytes) throws IOException {
        DataInputStream input = new DataInputStream(new BufferedInputStream(bytes));
        try {
            return new CaptureReader(file, input, input.readInt());
        } catch (EOFException e) {
            input.close();
            throw new CaptureException(file + ": no capture file: shorter than its header");
        } catch (IOException e) {
            input.close();
            throw e;
        }
    }

    private void pcapHeader(int magic) throws IOException {
        boolean swapped =
                magic == Integer.reverseBytes(PCAP_MICROSECONDS) || magic == Integer.reverseBytes(PCAP_NANOSECONDS);
        int native32 = swapped ? Integer.reverseBytes(magic) : magic;
        if (native32 != PCAP_MICROSECONDS && native32 != PCAP_NANOSECONDS) {
            throw new CaptureException(file + ": no capture file: it begins with " + Integer.toHexString(magic));
        }
        order = swapped ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        ByteBuffer header = read(20);
        int linkType = header.getInt(16) & 0xFFFF;
        interfaces.add(new Interface("", linkType, native32 == PCAP_NANOSECONDS ? 1_000_000_000L : 1_000_000L));
    }

    /**
     * Moves to the next packet. Returns false at the end of the file.
     *
     * @throws CaptureException if the file is damaged, or the packet is neither an Ethernet frame nor raw IP
     */
    public boolean next() throws IOException {
        packet = pcapng ? nextPcapng() : nextPcap();
        if (packet != null && packet.linkType() != LINK_ETHERNET && !RAW_IP.contains(packet.linkType())) {
            throw new CaptureException(file + ": a packet has link type " + packet.linkType()
                    + ": Ethernet (1) and raw IP (101, 228, 229) can be read");
        }
        return packet != null;
    }

    public Packet packet() {
        return packet;
    }

    private Packet nextPcap() throws IOException {
        if (atEnd()) {
            return null;
        }
        ByteBuffer header = read(16);
        Interface from = interfaces.getFirst();
        int captured = header.getInt(8);
        long seconds = Integer.toUnsignedLong(header.getInt(0));
        long fraction = Integer.toUnsignedLong(header.getInt(4)) * (1_000_000_000L / from.unitsPerSecond());
        byte[] data = read(checkLength(captured)).array();
        return new Packet(seconds * 1_000_000_000L + fraction, "", from.linkType(), header.getInt(12), data);
    }

    private Packet nextPcapng() throws IOException {
        while (!atEnd()) {
            int type = read(4).getInt();
            if (type == SECTION_HEADER) { // reads the same in either order
                sectionHeader();
                continue;
            }
            int length = read(4).getInt();
            if (length < 12 || length % 4 != 0) {
                throw damaged("block length " + length);
            }
            ByteBuffer body = read(checkLength(length - 12));
            read(4);
            Packet found =
                    switch (type) {
                        case INTERFACE_BLOCK -> {
                            interfaceBlock(body);
                            yield null;
                        }
                        case ENHANCED_PACKET_BLOCK -> packetBlock(body, body.remaining() < 20 ? -1 : body.getInt(0));
                        case OLD_PACKET_BLOCK ->
                            packetBlock(body, body.remaining() < 20 ? -1 : body.getShort(0) & 0xFFFF);
                        case SIMPLE_PACKET_BLOCK -> simplePacket(body);
                        default -> null;
                    };
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private boolean atEnd() throws IOException {
        input.mark(1);
        boolean end = input.read() < 0;
        if (!end) {
            input.reset();
        }
        return end;
    }

    /** The block type was read; a section may have another byte order than the last. */
    private void sectionHeader() throws IOException {
        byte[] lengthBytes = read(4).array();
        order = ByteOrder.LITTLE_ENDIAN;
        int magic = read(4).getInt();
        if (magic == Integer.reverseBytes(BYTE_ORDER_MAGIC)) {
            order = ByteOrder.BIG_ENDIAN;
        } else if (magic != BYTE_ORDER_MAGIC) {
            throw damaged("byte-order magic " + Integer.toHexString(magic));
        }
        int length = ByteBuffer.wrap(lengthBytes).order(order).getInt();
        if (length < 28 || length % 4 != 0) {
            throw damaged("section header length " + length);
        }
        read(checkLength(length - 12));
        interfaces.clear();
    }

    private void interfaceBlock(ByteBuffer body) throws CaptureException {
        if (body.remaining() < 8) {
            throw damaged("interface block of " + body.remaining() + " bytes");
        }
        int linkType = body.getShort(0) & 0xFFFF;
        String name = "";
        long units = 1_000_000L;
        int at = 8;
        while (at + 4 <= body.limit()) {
            int code = body.getShort(at) & 0xFFFF;
            int length = body.getShort(at + 2) & 0xFFFF;
            if (code == 0 || at + 4 + length > body.limit()) {
                break;
            }
            if (code == OPTION_NAME) {
                name = new String(body.array(), at + 4, length, java.nio.charset.StandardCharsets.UTF_8);
            } else if (code == OPTION_RESOLUTION && length == 1) {
                units = unitsPerSecond(body.get(at + 4));
            }
            at += 4 + (length + 3 & ~3);
        }
        interfaces.add(new Interface(name, linkType, units));
    }

    private long unitsPerSecond(byte resolution) throws CaptureException {
        int exponent = resolution & 0x7F;
        if (resolution < 0 ? exponent > 30 : exponent > 9) {
            throw damaged("time resolution " + resolution);
        }
        return resolution < 0 ? 1L << exponent : (long) Math.pow(10, exponent);
    }

    private Packet packetBlock(ByteBuffer body, int interfaceId) throws CaptureException {
        if (interfaceId < 0 || interfaceId >= interfaces.size()) {
            throw damaged("packet of unknown interface " + interfaceId);
        }
        Interface from = interfaces.get(interfaceId);
        long units = Integer.toUnsignedLong(body.getInt(4)) << 32 | Integer.toUnsignedLong(body.getInt(8));
        long perSecond = from.unitsPerSecond();
        long timestampNs = Long.divideUnsigned(units, perSecond) * 1_000_000_000L
                + Long.remainderUnsigned(units, perSecond) * 1_000_000_000L / perSecond;
        int captured = body.getInt(12);
        if (captured < 0 || captured > body.limit() - 20) {
            throw damaged("packet of " + captured + " bytes in a block of " + body.limit());
        }
        byte[] data = java.util.Arrays.copyOfRange(body.array(), 20, 20 + captured);
        return new Packet(timestampNs, from.name(), from.linkType(), body.getInt(16), data);
    }

    private Packet simplePacket(ByteBuffer body) throws CaptureException {
        if (interfaces.isEmpty() || body.remaining() < 4) {
            throw damaged("simple packet block");
        }
        int original = body.getInt(0);
        int captured = Math.min(original < 0 ? Integer.MAX_VALUE : original, body.limit() - 4);
        byte[] data = java.util.Arrays.copyOfRange(body.array(), 4, 4 + captured);
        return new Packet(0, interfaces.getFirst().name(), interfaces.getFirst().linkType(), original, data);
    }

    private int checkLength(int length) throws CaptureException {
        if (length < 0 || length > BLOCK_MAX) {
            throw damaged("length " + length);
        }
        return length;
    }

    private ByteBuffer read(int length) throws IOException {
        byte[] bytes = input.readNBytes(length);
        if (bytes.length < length) {
            throw damaged("cut off, " + (length - bytes.length) + " bytes are missing");
        }
        offset += length;
        return ByteBuffer.wrap(bytes).order(order);
    }

    private CaptureException damaged(String what) {
        return new CaptureException(file + ": damaged near offset " + offset + ": " + what);
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
