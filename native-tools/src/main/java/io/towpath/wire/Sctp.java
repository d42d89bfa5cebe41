package io.towpath.wire;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * SCTP common header, RFC 9260 section 3.1, and chunk headers, section 3.2.
 *
 * <pre>
 * packet  0 source port  2 destination port  4 verification tag  8 CRC32c (little-endian)  12 first chunk
 * chunk   0 type  1 flags  2 length with this header, but without padding to 4 bytes; of INIT and INIT ACK: 4 initiate tag
 * </pre>
 */
public final class Sctp {
    public static final int HEADER_LENGTH = 12;
    public static final int CHECKSUM_OFFSET = 8;
    public static final int DATA = 0;
    public static final int INIT = 1;
    public static final int INIT_ACK = 2;
    public static final int HEARTBEAT = 4;
    public static final int HEARTBEAT_ACK = 5;
    public static final int ABORT = 6;
    public static final int SHUTDOWN = 7;
    public static final int SHUTDOWN_ACK = 8;
    public static final int ERROR = 9;
    public static final int COOKIE_ECHO = 10;
    public static final int COOKIE_ACK = 11;
    public static final int SHUTDOWN_COMPLETE = 14;

    /** Bytes of an INIT or INIT ACK chunk without its optional parameters. */
    public static final int INIT_LENGTH = 20;

    public static final int CHUNK_HEADER_LENGTH = 4;
    /** Flag T of ABORT and SHUTDOWN COMPLETE: the verification tag is the receiver's own, sent back (section 8.5.1). */
    public static final int FLAG_REFLECTED_TAG = 1;

    private Sctp() {}

    /** Returns whether header and first chunk header lie before {@code end}. */
    public static boolean isValid(MemorySegment frame, long l4, long end) {
        return l4 + HEADER_LENGTH + CHUNK_HEADER_LENGTH <= end;
    }

    /** Returns the type of the first chunk. */
    public static int firstChunk(MemorySegment frame, long l4) {
        return Bytes.u8(frame, l4 + HEADER_LENGTH);
    }

    public static int verificationTag(MemorySegment frame, long l4) {
        return Bytes.i32(frame, l4 + 4);
    }

    public static int chunkType(MemorySegment frame, long chunk) {
        return Bytes.u8(frame, chunk);
    }

    public static int chunkFlags(MemorySegment frame, long chunk) {
        return Bytes.u8(frame, chunk + 1);
    }

    /** Returns a chunk's length in bytes, without padding. */
    public static int chunkLength(MemorySegment frame, long chunk) {
        return Bytes.u16(frame, chunk + 2);
    }

    /** Returns the tag that an INIT or INIT ACK chunk wants to see in the packets to its sender. */
    public static int initiateTag(MemorySegment frame, long chunk) {
        return Bytes.i32(frame, chunk + 4);
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
