package io.towpath.maps;

import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Scatter;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.HashMap;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The maps that have no peer in {@link MapPeersBenchmark}, one operation after another, keys in scattered order. */
public class MapsBenchmark extends NanosecondBenchmark {
    /** Keys in the map; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int flows;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(0);
    private LpmMap prefixes;
    private CounterMap counters;
    private Scatter scatter;

    @Setup(Level.Trial)
    public void setUp() {
        scatter = new Scatter(flows);
        prefixes = LpmMap.create(store, "prefixes", flows, quiescence);
        counters = CounterMap.create(store, "counters", 1, flows);
        Map<Prefix, Long> values = new HashMap<>();
        for (int i = 0; i < flows; i++) {
            values.put(new Prefix(prefix(i), 96 + 28), i + 1L);
        }
        prefixes.replaceAll(values);
    }

    /** Every second /28 from 10.0.0.0 on. */
    private static Address prefix(int i) {
        return Address.ofIpv4(0x0A00_0000 + (i << 5));
    }

    @Benchmark
    public long longestPrefix() {
        return prefixes.lookup(0, Address.mapped(0x0A00_0001 + (scatter.next() << 5)));
    }

    /** A packet of 64 bytes more. */
    @Benchmark
    public void count() {
        counters.add(0, scatter.next(), 1, 64);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        store.close();
    }
}
