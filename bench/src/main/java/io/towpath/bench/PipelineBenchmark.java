package io.towpath.bench;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.NodeForwarding;
import io.towpath.dataplane.pipeline.NodeMasquerade;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole pipeline in node mode over frames in memory, one worker, bursts of 64: established UDP flows to a ClusterIP in pseudo-random
 * order. The score is nanoseconds a packet and includes writing the frame's header fields.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Burst.LIMIT)
@Fork(
        value = 1,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xms512m"})
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class PipelineBenchmark {
    private static final int FRAME_LENGTH = 64;
    private static final int CLIENT = 0x0A00_0000;
    private static final int FLOWS_PER_CLIENT = 4096;

    /** Established flows; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int flows;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final FramePool pool = new FramePool(2 * Burst.LIMIT);
    private final Burst burst = new Burst(pool.frames());
    private final int[] buffers = new int[Burst.LIMIT];
    private Pipeline pipeline;
    private Verdicts verdicts;
    private Fragments fragments;
    private Port port;
    private long flow;
    private final long nowNs = 1_000_000_000L;

    @Setup(Level.Trial)
    public void setUp() {
        Quiescence quiescence = new Quiescence(1);
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        ServicePort service = new ServicePort(
                new ServicePortName("ns", "web", "", Protocol.UDP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.parse("10.200.0.1"), 80, false, List.of())),
                List.of(new BackendAddress(Address.parse("10.100.1.0"), 8080)),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
        DesiredState state = new DesiredState(List.of(service), List.of(), List.of(), new LocalDetector.None(), false);
        new ServiceWriter(maps, System.err::println).apply(state);
        ConntrackConfig config = ConntrackConfig.defaults().withMaxEntries(Math.max(1024, flows + flows / 4));
        Conntrack conntrack = new Conntrack(store, config, 1, ServiceMaps.BACKENDS, 1, quiescence);
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
    public void established() {
        burst.clear();
        MemorySegment frames = pool.frames();
        for (int i = 0; i < Burst.LIMIT; i++) {
            buffers[i] = pool.take();
            long l2 = FramePool.l2(buffers[i]);
            // A full-period generator modulo a power of two: every flow once a period, in scattered order.
            flow = flow * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL & flows - 1L;
            write(frames, l2, CLIENT + (int) (flow / FLOWS_PER_CLIENT), 1024 + (int) (flow % FLOWS_PER_CLIENT));
            burst.add(0, buffers[i], l2, FRAME_LENGTH);
        }
        pipeline.process(burst, nowNs);
        port.flush(verdicts);
    }

    private static void write(MemorySegment frames, long l2, int client, int clientPort) {
        VnetHeader.clear(frames, l2);
        Ethernet.addresses(frames, l2, 0x0200_0000_0002L, 0x0200_0000_0001L);
        Ethernet.type(frames, l2, Ethernet.TYPE_IPV4);
        long l3 = l2 + Ethernet.HEADER_LENGTH;
        Ipv4.write(frames, l3, FRAME_LENGTH - Ethernet.HEADER_LENGTH, 64, FiveTuple.UDP, client, 0x0AC8_0001);
        long l4 = l3 + Ipv4.MIN_HEADER_LENGTH;
        Udp.ports(frames, l4, clientPort, 80);
        Bytes.i32(frames, l4 + 4, 30 << 16 | Checksum.finish(clientPort));
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        fragments.close();
        pool.close();
        store.close();
    }
}
