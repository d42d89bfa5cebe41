package io.towpath.bench.net;

import io.towpath.bench.Spread;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;

/** Samples by case, number of Services, way and round. */
final class NetResults {
    private record Key(NetCase what, int services, Way way) {}

    /** By round; a sample that failed is not in it. */
    private final Map<Key, TreeMap<Integer, Double>> samples = new HashMap<>();

    /** What was measured of one thing with so many Services. */
    record Row(NetCase what, int services) {}

    void add(int services, Way way, int round, Map<NetCase, Double> values) {
        values.forEach((what, value) -> samples.computeIfAbsent(new Key(what, services, way), _ -> new TreeMap<>())
                .put(round, value));
    }

    /** Returns what there is, the smallest number of Services with all of its cases first. */
    List<Row> rows() {
        Map<Integer, TreeSet<NetCase>> cases = new TreeMap<>();
        samples.keySet().forEach(key -> cases.computeIfAbsent(key.services, _ -> new TreeSet<>())
                .add(key.what));
        List<Row> rows = new ArrayList<>();
        cases.forEach((services, all) -> all.forEach(what -> rows.add(new Row(what, services))));
        return rows;
    }

    /** Returns the ways that have samples of anything, in their order. */
    List<Way> ways() {
        Map<Way, Boolean> ways = new EnumMap<>(Way.class);
        samples.keySet().forEach(key -> ways.put(key.way, true));
        return List.copyOf(ways.keySet());
    }

    /** Returns the median of the rounds; empty where there is none. */
    OptionalDouble median(NetCase what, int services, Way way) {
        Map<Integer, Double> rounds = samples.get(new Key(what, services, way));
        return rounds == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(Spread.of(values(rounds)).median());
    }

    /** Returns a way's median by that of nftables; empty where one is missing or it says nothing. */
    OptionalDouble ratio(NetCase what, int services, Way way) {
        OptionalDouble own = median(what, services, way);
        OptionalDouble peer = median(what, services, Way.NFTABLES);
        return what.hasRatio() && own.isPresent() && peer.isPresent() && peer.getAsDouble() > 0
                ? OptionalDouble.of(own.getAsDouble() / peer.getAsDouble())
                : OptionalDouble.empty();
    }

    /** Returns the ratios of the rounds that both have; null where there is none. */
    Spread ratios(NetCase what, int services, Way way) {
        Map<Integer, Double> own = samples.getOrDefault(new Key(what, services, way), new TreeMap<>());
        Map<Integer, Double> peer = samples.getOrDefault(new Key(what, services, Way.NFTABLES), new TreeMap<>());
        Map<Integer, Double> ratios = new TreeMap<>();
        own.forEach((round, value) -> {
            if (what.hasRatio() && peer.getOrDefault(round, 0.0) > 0) {
                ratios.put(round, value / peer.get(round));
            }
        });
        return ratios.isEmpty() ? null : Spread.of(values(ratios));
    }

    private static double[] values(Map<Integer, Double> rounds) {
        return rounds.values().stream().mapToDouble(Double::doubleValue).toArray();
    }
}
