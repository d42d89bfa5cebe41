package io.towpath.dataplane.health;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** How often /healthz and /livez answered what. Counted by the server's thread, read by any. */
public final class ProbeCounts {
    /** What these two answer. */
    public static final List<Integer> CODES = List.of(200, 503);

    private final AtomicLong[] healthz = {new AtomicLong(), new AtomicLong()};
    private final AtomicLong[] livez = {new AtomicLong(), new AtomicLong()};

    void healthz(int code) {
        healthz[index(code)].incrementAndGet();
    }

    void livez(int code) {
        livez[index(code)].incrementAndGet();
    }

    /** Returns how often /healthz answered with the code. */
    public long healthzAnswers(int code) {
        return healthz[index(code)].get();
    }

    /** Returns how often /livez answered with the code. */
    public long livezAnswers(int code) {
        return livez[index(code)].get();
    }

    private static int index(int code) {
        return CODES.indexOf(code);
    }
}
