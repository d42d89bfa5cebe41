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

/** One look-up after another in each kind of map, keys in scattered order. */
public class MapsBenchmark extends NanosecondBenchmark {
    /** Keys in the map; a power of two. */
    @Param({"1", "1024", "65536", "1048576"})
    int entries;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(0);
    private WordMap words;
    private SharedIndex index;
    private LpmMap prefixes;
    private Scatter scatter;

    @Setup(Level.Trial)
    public void setUp() {
        scatter = new Scatter(entries);
        words = WordMap.create(store, "words", entries, 42, quiescence);
        index = SharedIndex.create(store, "index", entries);
        prefixes = LpmMap.create(store, "prefixes", entries, quiescence);
        Map<Prefix, Long> values = new HashMap<>();
        for (int i = 0; i < entries; i++) {
            words.put(i, i, i, i + 1);
            index.insert(hash(i), i + 1, (a, b) -> a == b);
            values.put(new Prefix(prefix(i), 96 + 28), i + 1L);
        }
        prefixes.replaceAll(values);
    }

    private static long hash(long key) {
        long x = (key + 1) * 0x9E3779B97F4A7C15L;
        x = (x ^ x >>> 32) * 0xBF58476D1CE4E5B9L;
        return x ^ x >>> 29;
    }

    /** Every second /28 from 10.0.0.0 on. */
    private static Address prefix(int i) {
        return Address.ofIpv4(0x0A00_0000 + (i << 5));
    }

    @Benchmark
    public long wordMapHit() {
        long key = scatter.next();
        return words.get(key, key, key);
    }

    @Benchmark
    public long wordMapMiss() {
        long key = scatter.next();
        return words.get(key, key, -1);
    }

    @Benchmark
    public long sharedIndexHit() {
        long hash = hash(scatter.next());
        long found = index.next(index.firstBucket(hash), hash, 0);
        return found >= 0 ? found : index.next(index.secondBucket(hash), hash, 0);
    }

    @Benchmark
    public long lpmHit() {
        return prefixes.lookup(0, Address.mapped(0x0A00_0001 + (scatter.next() << 5)));
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        store.close();
    }
}
