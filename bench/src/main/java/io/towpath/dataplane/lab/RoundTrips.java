package io.towpath.dataplane.lab;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** Times of questions over one UDP socket, each after a pause. */
final class RoundTrips {
    private RoundTrips() {}

    /** Returns how long each took, sorted, ns. */
    static long[] measure(LabClient client, int count, long pauseUs) throws Exception {
        long[] tookNs = new long[count];
        for (int i = 0; i < count; i++) {
            TimeUnit.MICROSECONDS.sleep(pauseUs);
            long startNs = System.nanoTime();
            client.ask();
            tookNs[i] = System.nanoTime() - startNs;
        }
        Arrays.sort(tookNs);
        return tookNs;
    }

    /** Returns the median, µs. */
    static double median(long[] sortedNs) {
        return sortedNs[sortedNs.length / 2] / 1e3;
    }
}
