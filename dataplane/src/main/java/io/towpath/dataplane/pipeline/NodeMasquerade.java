package io.towpath.dataplane.pipeline;

import io.towpath.nat.MasqueradeAddresses;
import io.towpath.wire.Address;
import java.util.List;

/** Node mode: masqueraded connections show the node's primary address of their family. */
public final class NodeMasquerade implements MasqueradeAddresses {
    private final Address[] primary = new Address[2];

    public NodeMasquerade(List<Address> nodeAddresses) {
        for (Address address : nodeAddresses) {
            int family = address.isIpv4() ? 0 : 1;
            primary[family] = primary[family] == null ? address : primary[family];
        }
    }

    @Override
    public int towards(long backendHi, long backendLo) {
        int family = Address.isIpv4(backendHi, backendLo) ? 0 : 1;
        return primary[family] == null ? -1 : family;
    }

    @Override
    public long hi(int number) {
        return primary[number].hi();
    }

    @Override
    public long lo(int number) {
        return primary[number].lo();
    }
}
