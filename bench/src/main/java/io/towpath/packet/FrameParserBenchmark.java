package io.towpath.packet;

import io.towpath.bench.AlsoSeen;
import io.towpath.bench.Frames;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.linux.MappedMemory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The parse stage over bursts of 64 frames, header checksum included. The score is nanoseconds a frame. */
@OperationsPerInvocation(Burst.LIMIT)
public class FrameParserBenchmark extends NanosecondBenchmark {
    private static final int STRIDE = 2048;
    private static final int LENGTH = 90;

    @Param({"V4_UDP", "V4_TCP", "V6_UDP", "V6_TCP"})
    Frames.Kind kind;

    @Param
    AlsoSeen alsoSeen;

    private final MappedMemory memory = MappedMemory.anonymous((long) Burst.LIMIT * STRIDE);
    private final Burst burst = new Burst(memory.segment());
    private long seen;

    @Setup(Level.Trial)
    public void setUp() {
        seen = alsoSeen.show();
        for (int i = 0; i < Burst.LIMIT; i++) {
            long l2 = (long) i * STRIDE + 10;
            Frames.write(memory.segment(), l2, LENGTH, kind, 0x0A00_0001, 1024 + i, 0x0A80_0001);
            burst.add(0, i, l2, LENGTH);
        }
    }

    @Benchmark
    public long parse() {
        FrameParser.parse(burst);
        return burst.transport(Burst.LIMIT - 1) + seen;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        memory.close();
    }
}
