package io.towpath.nat;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.List;

/**
 * A virtual address and port of a Service port.
 *
 * @param address for {@link VipKind#NODE_PORT} an address of the node
 * @param localOnly the traffic policy that applies to this address is Local
 * @param sourceRanges if not empty, sources outside are dropped (loadBalancerSourceRanges)
 */
public record Vip(VipKind kind, Address address, int port, boolean localOnly, List<Prefix> sourceRanges) {
    public Vip {
        sourceRanges = List.copyOf(sourceRanges);
    }
}
