/**
 * What load balancers, probes and operators ask a Service proxy: healthCheckNodePorts, /healthz and /livez, as kube-proxy answers them.
 *
 * <pre>
 *   control thread --queued, synced--&gt; HealthReporter --&gt; ProxyHealth, ServiceHealth --listen--&gt; HttpServer (Netty, own thread)
 *                                                              ^------------- asked per request -------------'
 * </pre>
 *
 * The control thread writes; the server's thread reads what it is given as a whole.
 */
package io.towpath.dataplane.health;
