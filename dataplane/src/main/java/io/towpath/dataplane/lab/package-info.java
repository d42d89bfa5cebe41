/**
 * The cluster lab ({@code towpath lab}): two nodes with their pods, an underlay and an external client, each a network namespace of this
 * machine, proxied by Towpath in node mode or by nftables rules as kube-proxy lays them out. Main thread, but for the servers.
 *
 * <pre>
 *   a1 a2 (point to point)  a3 a4 (bridge cni0)      b1 b2     b3 b4
 *        \__________ node A _________/                 \_ node B _/
 *                       \________ underlay ________________/
 *                                    |
 *                                 client
 * </pre>
 */
package io.towpath.dataplane.lab;
