package io.towpath.dataplane.demo;

import java.util.List;

/**
 * Everything that the demo prints.
 *
 * @param instance the engine's instance name
 * @param transport what the HTTP servers and clients ran on
 * @param readyAfterNs from starting the engine's process until it forwarded
 * @param lanes HTTP requests at a time
 * @param checks streams and datagrams
 */
record DemoResult(
        String instance,
        String transport,
        long readyAfterNs,
        int lanes,
        HttpReport http,
        List<Check> checks,
        Counters counters) {
    /**
     * One other piece of traffic.
     *
     * @param isOk whether it went through as it should
     * @param result what came out, for people
     * @param by who answered
     */
    record Check(String what, String to, boolean isOk, String result, String by) {}

    /** Whether all traffic went through. */
    boolean isPassed() {
        return http.all().failures() == 0
                && http.backends().size() == Plan.BACKENDS
                && checks.stream().allMatch(Check::isOk);
    }

    /** How the last line says it. */
    String verdict() {
        long failedChecks = checks.stream().filter(check -> !check.isOk()).count();
        if (isPassed()) {
            return "All traffic went through.";
        }

        return "NOT all traffic went through: %,d HTTP requests failed, %d of %d backends answered, %d other failures."
                .formatted(http.all().failures(), http.backends().size(), Plan.BACKENDS, failedChecks);
    }
}
