package io.towpath.dataplane.pipeline;

import io.towpath.bench.AlsoSeen;
import io.towpath.bench.Frames;
import io.towpath.bench.MemoryEngine;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Rig;
import io.towpath.bench.Scatter;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.packet.Burst;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The whole pipeline in node mode over frames in memory, one worker, bursts of 64: established UDP flows to a ClusterIP in pseudo-random
 * order. The score is nanoseconds a packet and includes writing the frame's header fields.
 */
@OperationsPerInvocation(Burst.LIMIT)
public class PipelineBenchmark extends NanosecondBenchmark {
    private static final int FRAME_LENGTH = 64;
    private static final int CLIENT = 0x0A00_0000;
    private static final int FLOWS_PER_CLIENT = 4096;

    /** Established flows; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int flows;

    @Param("NOTHING")
    AlsoSeen alsoSeen;

    private MemoryEngine engine;
    private Scatter scatter;
    private long seen;
    private final long nowNs = 1_000_000_000L;

    @Setup(Level.Trial)
    public void setUp() {
        seen = alsoSeen.show();
        scatter = new Scatter(flows);
        List<ServicePort> services = List.of(Rig.service(0, Protocol.UDP, 1, Rig.BACKEND_PORT, Scheduler.RANDOM));
        engine = new MemoryEngine(services, Math.max(1024, flows + flows / 4));
        for (int n = 0; n < flows + Burst.LIMIT; n += Burst.LIMIT) {
            established();
        }
    }

    /** A packet each of 64 flows. */
    @Benchmark
    public long established() {
        for (int i = 0; i < Burst.LIMIT; i++) {
            long l2 = engine.add(FRAME_LENGTH);
            int flow = scatter.next();
            int client = CLIENT + flow / FLOWS_PER_CLIENT;
            int clientPort = 1024 + flow % FLOWS_PER_CLIENT;
            Frames.write(engine.burst().frames, l2, FRAME_LENGTH, Frames.Kind.V4_UDP, client, clientPort, Rig.vip(0));
        }
        engine.process(nowNs);
        return seen;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        engine.close();
    }
}
