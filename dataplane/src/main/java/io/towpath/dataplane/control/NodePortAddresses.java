package io.towpath.dataplane.control;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.List;

/** Which of the node's addresses NodePorts are open on (kube-proxy's pkg/proxy/util/nodeport_addresses.go, nftables mode). */
public final class NodePortAddresses {
    private NodePortAddresses() {}

    public static List<Address> choose(List<String> configured, List<Address> nodeAddresses) {
        List<Address> chosen = new ArrayList<>();
        for (boolean ipv4 : new boolean[] {true, false}) {
            List<Address> ofFamily =
                    nodeAddresses.stream().filter(a -> a.isIpv4() == ipv4).toList();
            List<Prefix> cidrs = configured.stream()
                    .filter(text -> text.indexOf('/') > 0)
                    .map(Prefix::parse)
                    .toList();
            List<Prefix> cidrsOfFamily =
                    cidrs.stream().filter(p -> p.isIpv4() == ipv4).toList();
            if (configured.contains(ProxyConfig.ALL)) {
                chosen.addAll(ofFamily);
            } else if (configured.contains(ProxyConfig.LOCALHOST)) {
                continue; // nftables mode has no NodePorts on loopback addresses
            } else if (configured.isEmpty() || configured.contains(ProxyConfig.PRIMARY)) {
                ofFamily.stream().findFirst().ifPresent(chosen::add);
            } else if (cidrsOfFamily.isEmpty()) {
                chosen.addAll(ofFamily); // CIDRs of one family say nothing about the other
            } else {
                ofFamily.stream()
                        .filter(a -> cidrsOfFamily.stream().anyMatch(p -> p.contains(a)))
                        .forEach(chosen::add);
            }
        }
        return chosen;
    }

    /** Returns whether NodePorts of a family are open on all addresses: those of today and those to come. */
    public static boolean isAll(List<String> configured, boolean ipv6) {
        List<Prefix> cidrs = configured.stream()
                .filter(text -> text.indexOf('/') > 0)
                .map(Prefix::parse)
                .toList();
        List<Prefix> ofFamily =
                cidrs.stream().filter(p -> p.isIpv4() != ipv6).toList();
        return configured.contains(ProxyConfig.ALL)
                || !cidrs.isEmpty() && ofFamily.isEmpty()
                || ofFamily.stream().anyMatch(p -> p.bits() == (ipv6 ? 0 : 96));
    }
}
