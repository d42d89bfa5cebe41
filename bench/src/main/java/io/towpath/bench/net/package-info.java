/**
 * {@code towpath bench net}: Services end to end, through Towpath and through the kernel's own ways, between one client and one server.
 *
 * <pre>
 *   namespace client --+-- TAP  [ Towpath, uring | netty | rw ]  TAP --+-- namespace server
 *     nettool clients  +-- veth [ nftables | iptables | router ] veth -+     nettool serve
 *                      +-- veth ---------------------------------------+
 *
 *   NetBench -> NetRun: every Load over every Path in turn, round by round -> NetResults -> NetReport (table, JSON), SweepPicture (SVG)
 * </pre>
 *
 * <p>One thread; each path has networks and addresses of its own ({@link io.towpath.bench.net.Way}), so that nothing is switched between
 * two samples. {@code docs/benchmarks.md} says how each number is taken.
 */
package io.towpath.bench.net;
