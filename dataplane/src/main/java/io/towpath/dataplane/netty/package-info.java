/**
 * What uses Netty's transport: the sockets of all parts that serve or connect, and TAP ports on the io_uring of its event loops.
 *
 * <pre>
 *   event loop:  ring ── completions ── NettyTapPort ── asks for a cycle
 *                 │                        ▲ receive, send     │
 *                 └── submissions ─────────┴──── worker's cycle, a task
 * </pre>
 */
package io.towpath.dataplane.netty;
