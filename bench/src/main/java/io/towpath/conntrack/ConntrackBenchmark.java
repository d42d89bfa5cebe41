package io.towpath.conntrack;

import io.towpath.bench.FlowKey;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Rig;
import io.towpath.bench.Scatter;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The connection table, one operation after another: no burst hides the memory's latency, as it does in the pipeline. */
public class ConntrackBenchmark extends NanosecondBenchmark {
    private static final long BACKEND = 0xFFFF_0AC0_0001L;

    /** Established flows; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int flows;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private Conntrack conntrack;
    private ConntrackWorker worker;
    private Scatter scatter;
    private long replacements;

    @Setup(Level.Trial)
    public void setUp() {
        scatter = new Scatter(flows);
        conntrack = Rig.conntrack(store, Math.max(1024, flows + flows / 4), 1, quiescence);
        worker = conntrack.worker(0);
        quiescence.online(0);
        for (int flow = 0; flow < flows; flow++) {
            create(flow, 0);
        }
    }

    private long lookup(int flow, int generation, int protocol) {
        long source = FlowKey.source(flow);
        long transport = FlowKey.transport(flow, generation, protocol);
        return conntrack
                .index()
                .lookup(
                        conntrack.index().hash(0, source, 0, FlowKey.VIP, transport),
                        0,
                        source,
                        0,
                        FlowKey.VIP,
                        transport);
    }

    private long create(int flow, int generation) {
        worker.originalSourceLo = FlowKey.source(flow);
        worker.originalDestinationLo = FlowKey.VIP;
        worker.originalTransport = FlowKey.transport(flow, generation, FiveTuple.UDP);
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = FlowKey.source(flow);
        worker.replyTransport =
                FiveTuple.transport(Rig.BACKEND_PORT + generation & 0xFFFF, FlowKey.port(flow), FiveTuple.UDP);
        return conntrack.create(worker, 0);
    }

    @Benchmark
    public long hit() {
        return lookup(scatter.next(), 0, FiveTuple.UDP);
    }

    @Benchmark
    public long miss() {
        return lookup(scatter.next(), 0, FiveTuple.TCP);
    }

    /** A connection comes and goes beside the established ones; its entry is free again after a quiescent point. */
    @Benchmark
    public boolean createAndRemove() {
        long handle = create(flows + scatter.next(), 0);
        boolean removed = handle >= 0 && conntrack.remove(worker, handle); // of millions, one may find no room
        quiescence.quiescent(0);
        return removed;
    }

    /** As {@code MapPeersBenchmark.replace}: a connection goes, by its tuple, and another one comes. */
    @Benchmark
    public boolean replace() {
        int flow = scatter.next();
        int generation = (int) (replacements++ / flows);
        long handle = lookup(flow, generation, FiveTuple.UDP);
        boolean removed = handle >= 0 && conntrack.remove(worker, handle);
        quiescence.quiescent(0);
        create(flow, generation + 1);
        return removed;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        store.close();
    }
}
