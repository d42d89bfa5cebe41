package io.towpath.bench.core;

import io.towpath.bench.Spread;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The samples of one path and number of flows: nanoseconds a packet by contender and round. The samples of a round were taken one right
 * after the other.
 *
 * @param samples as many of each contender; who did not take part is not in it
 * @param residentBytes what Towpath's maps and frames take of memory; 0 where that is not known
 */
record Comparison(CorePath path, int flows, Map<Contender, double[]> samples, long residentBytes) {
    Comparison {
        samples = new EnumMap<>(samples);
        if (samples.values().stream()
                        .mapToInt(rounds -> rounds.length)
                        .distinct()
                        .count()
                > 1) {
            throw new IllegalArgumentException("contenders of " + path + " with different numbers of rounds");
        }
    }

    /** Returns a contender's nanoseconds a packet, null where it did not take part. */
    Spread ns(Contender contender) {
        double[] rounds = samples.get(contender);
        return rounds == null ? null : Spread.of(rounds);
    }

    /** Returns the ratios of Towpath's samples to those of a peer in the same round; null where one did not take part, or took no time. */
    Spread ratio(Contender peer) {
        double[] own = samples.get(Contender.TOWPATH);
        double[] others = peer == null ? null : samples.get(peer);
        if (own == null || others == null) {
            return null;
        }
        double[] ratios = new double[own.length];
        for (int i = 0; i < ratios.length; i++) {
            if (others[i] <= 0) {
                return null;
            }
            ratios[i] = own[i] / others[i];
        }
        return Spread.of(ratios);
    }

    /** Returns which form of the C peer is faster here: the one to compare with. Null where there is none. */
    Contender fasterC() {
        Spread early = ns(Contender.C_EARLY);
        Spread plain = ns(Contender.C_PLAIN);
        if (early == null || plain == null) {
            return early != null ? Contender.C_EARLY : plain != null ? Contender.C_PLAIN : null;
        }
        return early.median() <= plain.median() ? Contender.C_EARLY : Contender.C_PLAIN;
    }

    /** Returns one line with the medians. */
    @Override
    public String toString() {
        return samples.keySet().stream()
                .map(contender -> String.format(
                        Locale.ROOT, "%s %.1f", contender.label, ns(contender).median()))
                .collect(Collectors.joining(
                        "; ", String.format(Locale.ROOT, "%s, %,d flows, ns a packet: ", path.label, flows), ""));
    }
}
