package io.towpath.dataplane.metrics;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.http.HttpAnswer;
import io.towpath.dataplane.http.Listeners;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What is served at metricsBindAddress, as kube-proxy does. The server's thread. */
public final class OperatorPages implements Listeners.Handler {
    private final ProxyConfig config;
    private final List<MetricSource> sources;
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
    /** Of the last scrape: the next one is about as large. */
    private int lastBytes = 1 << 14;

    /** @param config in force */
    public OperatorPages(ProxyConfig config, List<MetricSource> sources) {
        this.config = config;
        this.sources = List.copyOf(sources);
    }

    @Override
    public HttpAnswer answer(String path, boolean ipv6) {
        return switch (path) {
            case "/metrics" -> metrics();
            case "/proxyMode" -> HttpAnswer.text(ConfigPage.MODE);
            case "/configz" -> HttpAnswer.of(true, Map.of(), ConfigPage.of(config));
            case "/healthz" -> HttpAnswer.text("ok");
            default -> HttpAnswer.NOT_FOUND;
        };
    }

    private HttpAnswer metrics() {
        Scrape scrape = new Scrape();
        sources.forEach(source -> source.collect(scrape));
        ByteArrayOutputStream text = new ByteArrayOutputStream(lastBytes);
        try {
            writer.write(text, scrape.all());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        lastBytes = text.size();
        return new HttpAnswer(
                200, Map.of("Content-Type", writer.getContentType()), text.toString(StandardCharsets.UTF_8));
    }
}
