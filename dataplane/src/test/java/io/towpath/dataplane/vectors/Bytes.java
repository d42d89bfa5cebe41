package io.towpath.dataplane.vectors;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** Byte arrays and the sums over them. */
final class Bytes {
    private Bytes() {}

    /** Returns the bytes of hexadecimal digits; blanks are allowed. */
    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    static void put16(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }

    static void put32(byte[] bytes, int at, int value) {
        put16(bytes, at, value >>> 16);
        put16(bytes, at + 2, value);
    }

    /** Returns the one's complement sum of 16-bit words, not complemented; an odd last byte is padded. */
    static int sum(byte[] bytes) {
        int sum = 0;
        for (int i = 0; i < bytes.length; i++) {
            sum += (bytes[i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    /** Returns CRC32c as SCTP has it on the wire. */
    static int crc32c(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return Integer.reverseBytes((int) crc.getValue());
    }
}
