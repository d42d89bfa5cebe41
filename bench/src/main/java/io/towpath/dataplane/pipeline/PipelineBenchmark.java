package io.towpath.dataplane.pipeline;

import io.towpath.bench.AlsoSeen;
import io.towpath.bench.Frames;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Rig;
import io.towpath.bench.Scatter;
import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredState;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServiceWriter;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.lang.foreign.MemorySegment;
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

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final FramePool pool = new FramePool(2 * Burst.LIMIT);
    private final Burst burst = new Burst(pool.frames());
    private final int[] buffers = new int[Burst.LIMIT];
    private Pipeline pipeline;
    private Verdicts verdicts;
    private Fragments fragments;
    private Port port;
    private Scatter scatter;
    private long seen;
    private final long nowNs = 1_000_000_000L;

    @Setup(Level.Trial)
    public void setUp() {
        seen = alsoSeen.show();
        scatter = new Scatter(flows);
        Quiescence quiescence = new Quiescence(1);
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        ServicePort service = Rig.service(0, Protocol.UDP, 1, Rig.BACKEND_PORT, Scheduler.RANDOM);
        DesiredState state = Rig.state(List.of(service));
        new ServiceWriter(maps, System.err::println).apply(state);
        Conntrack conntrack = Rig.conntrack(store, Math.max(1024, flows + flows / 4), 1, quiescence);
        verdicts = new Verdicts(CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY), 0, pool);
        port = new Port(0, "memory") {
            @Override
            public int receive(FramePool from, Burst into, int limit) {
                return 0;
            }

            @Override
            protected Reason transmit(long l2, int length) {
                return null;
            }

            @Override
            public int pollDescriptor() {
                return -1;
            }
        };
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(0),
                maps,
                new NodeMasquerade(List.of()),
                PortRange.NODE_RESERVED,
                new NodeSettings(state, List.of("eth0")),
                pool.frames(),
                1);
        fragments = new Fragments(pool, verdicts, 1, 1);
        pipeline = new Pipeline(nat, new NodeForwarding(port, pool, verdicts, new IcmpErrorSender(pool)), fragments);
        for (int n = 0; n < flows + Burst.LIMIT; n += Burst.LIMIT) {
            established();
        }
    }

    /** A packet each of 64 flows. */
    @Benchmark
    public long established() {
        burst.clear();
        MemorySegment frames = pool.frames();
        for (int i = 0; i < Burst.LIMIT; i++) {
            buffers[i] = pool.take();
            long l2 = FramePool.l2(buffers[i]);
            int flow = scatter.next();
            int client = CLIENT + flow / FLOWS_PER_CLIENT;
            Frames.write(
                    frames, l2, FRAME_LENGTH, Frames.Kind.V4_UDP, client, 1024 + flow % FLOWS_PER_CLIENT, Rig.vip(0));
            burst.add(0, buffers[i], l2, FRAME_LENGTH);
        }
        pipeline.process(burst, nowNs);
        port.flush(verdicts);
        return seen;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        fragments.close();
        pool.close();
        store.close();
    }
}
