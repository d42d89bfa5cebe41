package io.towpath.nat;

import io.towpath.bench.Frames;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.linux.MappedMemory;
import io.towpath.packet.Burst;
import io.towpath.packet.FrameParser;
import io.towpath.packet.Reason;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** A UDP packet of 1,988 bytes in two IPv4 fragments: both are copied, and made one frame. The score is nanoseconds a packet. */
public class FragmentTableBenchmark extends NanosecondBenchmark {
    private static final int STRIDE = 4096;
    private static final int HEADERS = Ethernet.HEADER_LENGTH + Ipv4.MIN_HEADER_LENGTH;
    /** Bytes of each fragment's payload; a multiple of eight. */
    private static final int PAYLOAD = 984;

    private static final int PACKETS = 64;
    private static final int BYTES = 1 << 20;
    private static final int MORE_FRAGMENTS = 0x2000;

    private final MappedMemory memory = MappedMemory.anonymous(3 * STRIDE);
    private final Burst burst = new Burst(memory.segment());
    private final FragmentTable table = new FragmentTable(PACKETS, BYTES, 1, (length, reason) -> {});

    @Setup(Level.Trial)
    public void setUp() {
        add(0, MORE_FRAGMENTS);
        add(1, PAYLOAD / 8);
        FrameParser.parse(burst);
    }

    private void add(int i, int fragment) {
        long l2 = (long) i * STRIDE + 10;
        int length = HEADERS + PAYLOAD;
        Frames.write(memory.segment(), l2, length, Frames.Kind.V4_UDP, 0x0A00_0001, 1024, 0x0A80_0001);
        Ipv4.fragment(memory.segment(), l2 + Ethernet.HEADER_LENGTH, length - Ethernet.HEADER_LENGTH, fragment);
        burst.add(0, i, l2, length);
    }

    @Benchmark
    public int reassemble() {
        if (table.offer(burst, 0, 0) != Reason.FRAGMENT_HELD || table.offer(burst, 1, 0) != Reason.NONE) {
            throw new IllegalStateException("not reassembled");
        }
        int packet = table.completed();
        int length = table.assemble(packet, memory.segment(), 2 * STRIDE);
        table.release(packet);
        if (length != HEADERS + 2 * PAYLOAD) {
            throw new IllegalStateException(length + " bytes");
        }
        return length;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        table.close();
        memory.close();
    }
}
