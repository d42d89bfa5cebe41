/**
 * Node mode's hold on the host: what steers Services' packets through one TAP device, in nftables, policy rules, routes and sysctls. Control
 * side only; programs of the system ({@code ip}, {@code nft}) do the work.
 *
 * <pre>
 *   pod, wire or process -> nftables: of a Service, or a reply to what the engine sent? mark
 *                        -> rule 70: marked      -> table 7077 -> TAP -> engine -> TAP -> host's own routing
 *                        -> rule 110: not from the TAP -> table 7078 (Services' addresses) -> TAP
 * </pre>
 *
 * {@code docs/operations.md} says what an operator sees of it.
 */
package io.towpath.dataplane.node;
