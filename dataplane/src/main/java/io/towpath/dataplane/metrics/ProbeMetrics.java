package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.dataplane.health.ProbeCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;

/** Answers of /healthz and /livez. Scraping thread. */
public final class ProbeMetrics implements MetricSource {
    private final ProbeCounts counts;

    public ProbeMetrics(ProbeCounts counts) {
        this.counts = counts;
    }

    @Override
    public void collect(Scrape scrape) {
        scrape.counters("kubeproxy_proxy_healthz_total", "Answers of /healthz", byCode(counts::healthzAnswers));
        scrape.counters("kubeproxy_proxy_livez_total", "Answers of /livez", byCode(counts::livezAnswers));
    }

    private static List<Scrape.Value> byCode(IntToLongFunction answers) {
        List<Scrape.Value> values = new ArrayList<>();
        for (int code : ProbeCounts.CODES) {
            values.add(new Scrape.Value(Labels.of("code", Integer.toString(code)), answers.applyAsLong(code)));
        }
        return values;
    }
}
