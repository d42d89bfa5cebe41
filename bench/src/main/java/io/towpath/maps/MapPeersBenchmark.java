package io.towpath.maps;

import io.towpath.bench.AlsoSeen;
import io.towpath.bench.FlowKey;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Scatter;
import io.towpath.packet.FiveTuple;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Our maps beside those of the Java world: five-tuples of flows in scattered order, one operation after another. What each map holds and
 * compares stands in {@link MapPeer}. One thread: for a map behind a lock, and for maps of one thread, the best case.
 */
@Fork(1)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class MapPeersBenchmark extends NanosecondBenchmark {
    @Param
    MapPeer map;

    /** Flows in the map; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int flows;

    @Param("NOTHING")
    AlsoSeen alsoSeen;

    private FlowMap tested;
    private Scatter scatter;
    private long replacements;
    private long seen;

    @Setup(Level.Trial)
    public void setUp() {
        seen = alsoSeen.show();
        scatter = new Scatter(flows);
        tested = map.create(flows);
        for (int flow = 0; flow < flows; flow++) {
            tested.put(FlowKey.addresses(flow), FlowKey.transport(flow, 0, FiveTuple.UDP), flow + 1L);
        }
    }

    @Benchmark
    public long hit() {
        int flow = scatter.next();
        return tested.find(FlowKey.addresses(flow), FlowKey.transport(flow, 0, FiveTuple.UDP)) + seen;
    }

    /** The same flows by another protocol. */
    @Benchmark
    public long miss() {
        int flow = scatter.next();
        return tested.find(FlowKey.addresses(flow), FlowKey.transport(flow, 0, FiveTuple.TCP)) + seen;
    }

    /** A flow goes, by its key, and another one comes, of the next generation. */
    @Benchmark
    public void replace() {
        int flow = scatter.next();
        int generation = (int) (replacements++ / flows);
        tested.remove(FlowKey.addresses(flow), FlowKey.transport(flow, generation, FiveTuple.UDP));
        tested.put(FlowKey.addresses(flow), FlowKey.transport(flow, generation + 1, FiveTuple.UDP), flow + 1L);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        tested.close();
    }
}
