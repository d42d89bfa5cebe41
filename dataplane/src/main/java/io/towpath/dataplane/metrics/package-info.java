/**
 * What operators see of a running engine over HTTP, under kube-proxy's names where kube-proxy has the same thing, else {@code towpath_*}
 * ({@code docs/metrics.md} lists all).
 *
 * <pre>
 *   workers --packets, bursts, stalls--&gt; counter maps ----------.
 *   control thread --changes, syncs, latencies--&gt; {@link io.towpath.dataplane.metrics.ControlMetrics} --+--&gt; one scrape --&gt; HTTP server "metrics"
 *   health server --answers--&gt; probe counts ----------------------'
 * </pre>
 *
 * Each number has one writer; a scrape reads them from the HTTP server's own thread, without a lock and without asking anybody, so nobody
 * waits for it. It sees each number as it was a moment ago, and two numbers not necessarily of the same moment. Whatever keeps something
 * from one scrape to the next is used by that thread only.
 */
package io.towpath.dataplane.metrics;
