package io.towpath.wire;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** SCTP common header, RFC 9260 section 3.1: ports 0 and 2, verification tag 4, CRC32c 8 (little-endian), first chunk 12. */
public final class Sctp {
    public static final int HEADER_LENGTH = 12;
    public static final int CHECKSUM_OFFSET = 8;
    public static final int INIT = 1;
    public static final int ABORT = 6;
    public static final int SHUTDOWN = 7;
    public static final int SHUTDOWN_ACK = 8;
    public static final int COOKIE_ACK = 11;
    public static final int SHUTDOWN_COMPLETE = 14;

    private static final int CHUNK_HEADER_LENGTH = 4;

    private Sctp() {}

    /** Returns whether header and first chunk header lie before {@code end}. */
    public static boolean isValid(MemorySegment frame, long l4, long end) {
        return l4 + HEADER_LENGTH + CHUNK_HEADER_LENGTH <= end;
    }

    /** Returns the type of the first chunk. */
    public static int firstChunk(MemorySegment frame, long l4) {
        return Bytes.u8(frame, l4 + HEADER_LENGTH);
    }

    /** Returns the checksum field as a number that compares with {@link #crc32c}. */
    public static int checksum(MemorySegment frame, long l4) {
        return frame.get(Bytes.LE32, l4 + CHECKSUM_OFFSET);
    }

    public static void checksum(MemorySegment frame, long l4, int checksum) {
        frame.set(Bytes.LE32, l4 + CHECKSUM_OFFSET, checksum);
    }

    /**
     * Computes CRC32c over a packet, with its checksum field taken as 0 (RFC 9260 appendix A): the field is zero afterwards.
     *
     * @param buffer direct view of the whole of {@code frame}, the caller's own: its position and limit are changed
     */
    public static int crc32c(MemorySegment frame, ByteBuffer buffer, CRC32C crc, long l4, int length) {
        checksum(frame, l4, 0);
        buffer.limit((int) l4 + length).position((int) l4);
        crc.reset();
        crc.update(buffer);
        return (int) crc.getValue();
    }
}
