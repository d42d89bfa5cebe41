package io.towpath.wire;

import io.towpath.bench.NanosecondBenchmark;
import io.towpath.linux.MappedMemory;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Checksums of a packet of 1,400 bytes: from scratch, by delta, and SCTP's CRC32c through the path that the rewrite takes. */
public class ChecksumBenchmark extends NanosecondBenchmark {
    private static final int LENGTH = 1400;

    private final MappedMemory memory = MappedMemory.anonymous(4096);
    private final ByteBuffer buffer = memory.segment().asByteBuffer();
    private final CRC32C crc = new CRC32C();
    private int checksum = 0x1234;
    private int port = 1024;

    @Setup(Level.Trial)
    public void setUp() {
        for (int i = 0; i < LENGTH; i += Integer.BYTES) {
            Bytes.i32(memory.segment(), i, i * 0x9E37_79B9);
        }
    }

    @Benchmark
    public int full1400() {
        return Checksum.finish(Checksum.sum(memory.segment(), 0, LENGTH));
    }

    /** A port changes, and with it the checksum. */
    @Benchmark
    public int delta() {
        int next = port + 1 & 0xFFFF;
        checksum = Checksum.apply(checksum, Checksum.delta16(port, next));
        port = next;
        return checksum;
    }

    @Benchmark
    public int crc32c1400() {
        return Sctp.crc32c(memory.segment(), buffer, crc, 0, LENGTH);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        memory.close();
    }
}
