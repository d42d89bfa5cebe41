package io.towpath.nat;

import io.towpath.bench.Frames;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Rig;
import io.towpath.bench.Scatter;
import io.towpath.conntrack.Conntrack;
import io.towpath.linux.MappedMemory;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import io.towpath.packet.FrameParser;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Service look-up and backend choice for new connections to ClusterIPs in scattered order, 3 backends each. The score is nanoseconds a connection. */
@OperationsPerInvocation(Burst.LIMIT)
public class BackendSelectorBenchmark extends NanosecondBenchmark {
    private static final int STRIDE = 256;
    private static final int LENGTH = 64;
    private static final int BACKENDS = 3;

    @Param({"10", "100000"})
    int services;

    /** MH of 10 services only: there is room for some 200 Maglev tables. */
    @Param("RANDOM")
    Scheduler scheduler;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final MappedMemory memory = MappedMemory.anonymous((long) Burst.LIMIT * STRIDE);
    private final Burst burst = new Burst(memory.segment());
    private final Selection selection = new Selection();
    private BackendSelector selector;
    private NodeSettings node;
    private Scatter scatter;

    @Setup(Level.Trial)
    public void setUp() {
        scatter = new Scatter(Integer.highestOneBit(services));
        Quiescence quiescence = new Quiescence(1);
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        List<ServicePort> ports = IntStream.range(0, services)
                .mapToObj(i -> Rig.service(i, Protocol.UDP, BACKENDS, Rig.BACKEND_PORT, scheduler))
                .toList();
        DesiredState state = Rig.state(ports);
        new ServiceWriter(maps, warning -> {
                    throw new IllegalStateException(warning);
                })
                .apply(state);
        Conntrack conntrack = Rig.conntrack(store, 1024, 1, quiescence);
        selector = new BackendSelector(maps, conntrack, conntrack.worker(0), new Random(1));
        node = new NodeSettings(state, List.of("eth0"));
        for (int i = 0; i < Burst.LIMIT; i++) {
            long l2 = (long) i * STRIDE + 10;
            Frames.write(memory.segment(), l2, LENGTH, Frames.Kind.V4_UDP, 0x0A00_0001, 1024 + i, Rig.vip(0));
            burst.add(0, i, l2, LENGTH);
        }
        FrameParser.parse(burst);
    }

    @Benchmark
    public long select() {
        long sum = 0;
        for (int i = 0; i < Burst.LIMIT; i++) {
            burst.destinationLo(i, Address.mapped(Rig.vip(scatter.next())));
            if (selector.find(burst, i, node, selection) != Reason.SERVICE) {
                throw new IllegalStateException("not a Service");
            }
            selector.choose(burst, i, 0, selection);
            sum += selection.backendLo;
        }
        return sum;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        memory.close();
        store.close();
    }
}
