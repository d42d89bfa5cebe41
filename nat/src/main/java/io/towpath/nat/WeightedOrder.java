package io.towpath.nat;

import java.util.Arrays;

/** The order in which weighted round robin serves backends. Control thread only. */
final class WeightedOrder {
    /** Turns in a round at most; finer weights are rounded. */
    static final int LENGTH_LIMIT = 16_384;

    private WeightedOrder() {}

    /**
     * Returns the backends' indexes in the order of one round: each as often as its weight says, interleaved by falling thresholds as
     * net/netfilter/ipvs/ip_vs_wrr.c does.
     *
     * @param weights at least 1 each
     */
    static int[] of(int[] weights) {
        long sum = Arrays.stream(weights).asLongStream().sum();
        int divisor = greatestCommonDivisor(weights);
        int[] shares = Arrays.stream(weights)
                .map(weight -> sum / divisor <= LENGTH_LIMIT
                        ? weight / divisor
                        : (int) Math.max(1, (long) weight * LENGTH_LIMIT / sum))
                .toArray();
        int[] order = new int[Arrays.stream(shares).sum()];
        int length = 0;
        for (int threshold = Arrays.stream(shares).max().orElse(0); threshold > 0; threshold--) {
            for (int i = 0; i < shares.length; i++) {
                if (shares[i] >= threshold) {
                    order[length++] = i;
                }
            }
        }
        return order;
    }

    static int greatestCommonDivisor(int[] weights) {
        return Arrays.stream(weights).reduce(0, (a, b) -> {
            int x = a;
            int y = b;
            while (y != 0) {
                int rest = x % y;
                x = y;
                y = rest;
            }
            return x;
        });
    }
}
