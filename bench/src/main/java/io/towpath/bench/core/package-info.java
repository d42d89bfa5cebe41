/**
 * {@code towpath bench core}: the packet core without I/O, beside an eBPF program and a C program that do the same work.
 *
 * <pre>
 *   CoreBench --+-- Side: java TowpathPeer   private maps        one process each, "ready", then
 *               +-- Side: java TowpathPeer   pinned maps         "go" -> nanoseconds a packet of a sample,
 *               +-- Side: bench/peers/core/ebpf                  in turn: only one of them works
 *               +-- Side: bench/peers/core/cnat early, plain
 *   samples -> Comparison (medians, ratios of pairs) -> CoreReport (table, JSON)
 * </pre>
 *
 * <p>{@code --attack} is {@link io.towpath.bench.core.CoreAttack}, {@code --scale} {@link io.towpath.bench.core.CoreScale},
 * {@code --sweep} {@link io.towpath.bench.core.CoreSweep}, {@code --services-memory} {@link io.towpath.bench.core.ServicesMemory}, each in
 * this process. {@code --pauses} is {@link io.towpath.bench.core.CorePauses} and {@code --warm-up} {@link io.towpath.bench.core.CoreWarmUp},
 * whose JVMs are processes of their own. {@code bench/README.md} says how each number is taken.
 */
package io.towpath.bench.core;
