/**
 * {@code towpath demo}: real traffic through the engine on one machine.
 *
 * <pre>
 *   namespace -client          the engine (a child process)         namespaces -backend1..3
 *   HTTP load, bulk sender --- TAP --- routes, Services --- TAP x3 --- HTTP, bulk sink, UDP echo
 *   UDP exchange, curl, iperf3                                          iperf3 server
 * </pre>
 *
 * {@link io.towpath.dataplane.demo.Network} makes the namespaces, {@link io.towpath.dataplane.demo.EngineProcess} starts
 * the engine, everything else lives in this process: a socket belongs to the namespace that its thread was in when it was
 * made. The pieces are public so that the end-to-end tests stand on them too.
 */
package io.towpath.dataplane.demo;
