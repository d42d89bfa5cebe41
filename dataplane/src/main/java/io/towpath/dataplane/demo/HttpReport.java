package io.towpath.dataplane.demo;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * What an {@link HttpLoad} did. Written by the load's one thread; read after it ended.
 */
public final class HttpReport {
    /** Counts of one way to the Service, or of one backend. */
    public static final class Line {
        private final String label;
        private final Histogram latencyNs = new Histogram(3);
        private long requests;
        private long connections;
        private long failures;

        Line(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }

        /** Answered requests. */
        public long requests() {
            return requests;
        }

        /** Connections with at least one answered request. */
        public long connections() {
            return connections;
        }

        /** Requests without a good answer. */
        public long failures() {
            return failures;
        }

        /** From the request, or from the start of the connection where the request is its first, to the answer's end. */
        public Histogram latencyNs() {
            return latencyNs;
        }

        void onAnswer(long latencyNs, boolean isFirst) {
            requests++;
            connections += isFirst ? 1 : 0;
            this.latencyNs.recordValue(latencyNs);
        }
    }

    private final List<Line> targets;
    private final Line all = new Line("all");
    private final Map<String, Line> backends = new TreeMap<>();
    private final Map<String, Long> clients = new TreeMap<>();
    private final Map<String, Long> causes = new TreeMap<>();
    private long elapsedNs;

    HttpReport(List<HttpLoad.Target> targets) {
        this.targets = targets.stream().map(target -> new Line(target.label())).toList();
    }

    /** By way to the Service, in the order asked. */
    public List<Line> targets() {
        return targets;
    }

    public Line all() {
        return all;
    }

    /** By name of the backend that answered. */
    public Map<String, Line> backends() {
        return backends;
    }

    /** Answered requests by the client's address as the backends saw it. */
    public Map<String, Long> clients() {
        return clients;
    }

    /** What went wrong, and how often. */
    public Map<String, Long> causes() {
        return causes;
    }

    public long elapsedNs() {
        return elapsedNs;
    }

    /** Answered requests a second. */
    public double rate(Line line) {
        return line.requests * 1e9 / Math.max(1, elapsedNs);
    }

    void onAnswer(int target, String backend, String client, long latencyNs, boolean isFirst) {
        targets.get(target).onAnswer(latencyNs, isFirst);
        all.onAnswer(latencyNs, isFirst);
        backends.computeIfAbsent(backend, Line::new).onAnswer(latencyNs, isFirst);
        clients.merge(client, 1L, Long::sum);
    }

    void onFailure(int target, String cause) {
        targets.get(target).failures++;
        all.failures++;
        causes.merge(cause, 1L, Long::sum);
    }

    void onEnd(long elapsedNs) {
        this.elapsedNs = elapsedNs;
    }
}
