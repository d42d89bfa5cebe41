package io.towpath.dataplane.metrics;

/** Has metrics. */
@FunctionalInterface
public interface MetricSource {
    /** Adds what it has now. Scraping thread; never blocks. */
    void collect(Scrape scrape);
}
