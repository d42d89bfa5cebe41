package io.towpath.dataplane.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.http.HttpAnswer;
import java.util.List;

/** What a scraper gets. */
final class Pages {
    private Pages() {}

    static Exposition scrape(MetricSource... sources) {
        HttpAnswer answer = new OperatorPages(ProxyConfig.defaults(), List.of(sources)).answer("/metrics", false);
        assertEquals(
                "text/plain; version=0.0.4; charset=utf-8", answer.headers().get("Content-Type"));
        return Exposition.parse(answer.body());
    }
}
