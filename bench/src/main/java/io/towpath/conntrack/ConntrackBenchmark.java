package io.towpath.conntrack;

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
    private static final long CLIENT = 0xFFFF_0A00_0000L;
    private static final long VIP = 0xFFFF_0A80_0001L;
    private static final long BACKEND = 0xFFFF_0AC0_0001L;
    private static final int PORT_BITS = 12;

    /** Established flows; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int flows;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private Conntrack conntrack;
    private ConntrackWorker worker;
    private Scatter scatter;

    @Setup(Level.Trial)
    public void setUp() {
        scatter = new Scatter(flows);
        conntrack = Rig.conntrack(store, Math.max(1024, flows + flows / 4), 1, quiescence);
        worker = conntrack.worker(0);
        quiescence.online(0);
        for (int flow = 0; flow < flows; flow++) {
            create(flow);
        }
    }

    private static long source(int flow) {
        return CLIENT + (flow >>> PORT_BITS);
    }

    private static int port(int flow) {
        return 1024 + (flow & (1 << PORT_BITS) - 1);
    }

    private long lookup(int flow, int protocol) {
        long transport = FiveTuple.transport(port(flow), Rig.SERVICE_PORT, protocol);
        long hash = conntrack.hash(0, source(flow), 0, VIP, transport);
        return conntrack.lookup(hash, 0, source(flow), 0, VIP, transport);
    }

    private long create(int flow) {
        worker.originalSourceLo = source(flow);
        worker.originalDestinationLo = VIP;
        worker.originalTransport = FiveTuple.transport(port(flow), Rig.SERVICE_PORT, FiveTuple.UDP);
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = source(flow);
        worker.replyTransport = FiveTuple.transport(Rig.BACKEND_PORT, port(flow), FiveTuple.UDP);
        return conntrack.create(worker, 0);
    }

    @Benchmark
    public long hit() {
        return lookup(scatter.next(), FiveTuple.UDP);
    }

    @Benchmark
    public long miss() {
        return lookup(scatter.next(), FiveTuple.TCP);
    }

    /** A connection comes and goes beside the established ones; its entry is free again after a quiescent point. */
    @Benchmark
    public boolean createAndRemove() {
        long handle = create(flows + scatter.next());
        boolean removed = conntrack.remove(worker, handle);
        quiescence.quiescent(0);
        return removed;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        store.close();
    }
}
