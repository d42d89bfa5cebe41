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
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The sweep over connections none of which is expired. The score is nanoseconds an entry looked at. */
@OperationsPerInvocation(SweepBenchmark.STEP)
public class SweepBenchmark extends NanosecondBenchmark {
    /** Entries looked at in a step: far fewer than the table has, as a step ends where the table does. */
    static final int STEP = 256;

    private static final long BACKEND = 0xFFFF_0AC0_0001L;

    /** Connections; a power of two. */
    @Param({"65536", "1048576"})
    int flows;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private Conntrack conntrack;
    private ConntrackWorker worker;

    @Setup(Level.Trial)
    public void setUp() {
        Quiescence quiescence = new Quiescence(1);
        conntrack = Rig.conntrack(store, flows + flows / 4, 1, quiescence);
        worker = conntrack.worker(0);
        Scatter order = new Scatter(flows);
        for (int i = 0; i < flows; i++) {
            int flow = order.next();
            worker.originalSourceLo = FlowKey.source(flow);
            worker.originalDestinationLo = FlowKey.VIP;
            worker.originalTransport = FlowKey.transport(flow, 0, FiveTuple.UDP);
            worker.replySourceLo = BACKEND;
            worker.replyDestinationLo = FlowKey.source(flow);
            worker.replyTransport = FiveTuple.transport(Rig.BACKEND_PORT, FlowKey.port(flow), FiveTuple.UDP);
            conntrack.create(worker, 0);
        }
    }

    @Benchmark
    public int sweep() {
        return conntrack.sweep(worker, 0, STEP);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        store.close();
    }
}
