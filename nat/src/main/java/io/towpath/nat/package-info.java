/**
 * Services, backends, scheduling and packet rewriting.
 *
 * <p>Packets that come in fragments: {@link io.towpath.nat.FragmentTable} decides what belongs together and when a packet is whole;
 * {@code FragmentedPackets} is its index, the packets it has by key and age; {@code FragmentBlocks} is its memory, the bytes of fragments.
 * Its user, the pipeline's {@code Fragments}, takes the whole packet through the stages and sends it on in the same fragments. The router's
 * {@code Fragmenter} has nothing to do with these: it cuts what is too large for the way on.
 */
package io.towpath.nat;
