package io.towpath.dataplane.router;

import io.towpath.bench.Frames;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Scatter;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.ImmediatePort;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import io.towpath.packet.FrameParser;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayDeque;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The routing stage over bursts of 64 packets to neighbors in scattered order. Of 256 most next hops are remembered; of 8,192 most are looked
 * up, route and neighbor. The score is nanoseconds a packet.
 */
@OperationsPerInvocation(Burst.LIMIT)
public class RouterBenchmark extends NanosecondBenchmark {
    private static final long ROUTER_MAC = 0x0200_0000_0001L;
    private static final long NEIGHBOR_MAC = 0x0200_0000_0002L;
    private static final int FIRST_NEIGHBOR = 0x0A64_0002; // 10.100.0.2
    private static final int LENGTH = 64;

    @Param({"256", "8192"})
    int neighbors;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final FramePool pool = new FramePool(2 * Burst.LIMIT + Router.PENDING_BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private Router router;
    private Scatter scatter;

    private final Port port = new ImmediatePort(0, "memory") {
        @Override
        public int receive(FramePool from, Burst into, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long l2, int length) {
            return null;
        }
    };

    @Setup(Level.Trial)
    public void setUp() {
        scatter = new Scatter(neighbors);
        List<RouterPort> networks = List.of(new RouterPort(
                "memory",
                ROUTER_MAC,
                List.of(Address.parse("10.100.0.1")),
                List.of(Prefix.parse("10.100.0.0/16")),
                1500));
        Quiescence quiescence = new Quiescence(1);
        router = new Router(
                networks,
                List.of(port),
                Routes.create(store, quiescence, networks, List.of(), List.of()),
                knownNeighbors(quiescence),
                pool,
                new Verdicts(CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY), 0, pool),
                new IcmpErrorSender(pool, 1));
        for (int i = 0; i < Burst.LIMIT; i++) {
            int buffer = pool.take();
            long l2 = FramePool.l2(buffer);
            Frames.write(pool.frames(), l2, LENGTH, Frames.Kind.V4_UDP, 0x0A00_0001, 1024 + i, FIRST_NEIGHBOR);
            burst.add(0, buffer, l2, LENGTH);
        }
        FrameParser.parse(burst);
        for (int i = 0; i < Burst.LIMIT; i++) {
            burst.reason(i, Reason.SERVICE);
        }
    }

    private Neighbors knownNeighbors(Quiescence quiescence) {
        Neighbors known = Neighbors.create(store, 1, quiescence, new ArrayDeque<>());
        for (int i = 0; i < neighbors; i++) {
            known.report(0, 0, Address.mapped(FIRST_NEIGHBOR + i), NEIGHBOR_MAC, 0);
            known.update(0);
        }
        return known;
    }

    @Benchmark
    public Reason route() {
        for (int i = 0; i < Burst.LIMIT; i++) {
            burst.targetLo(i, Address.mapped(FIRST_NEIGHBOR + scatter.next()));
        }
        router.route(burst, 0);
        if (burst.reason(Burst.LIMIT - 1) != Reason.SERVICE) {
            throw new IllegalStateException(burst.reason(Burst.LIMIT - 1).toString());
        }
        return burst.reason(0);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        pool.close();
        store.close();
    }
}
