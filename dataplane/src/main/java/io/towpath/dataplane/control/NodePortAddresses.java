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
        for (boolean ipv6 : new boolean[] {false, true}) {
            List<Address> ofFamily =
                    nodeAddresses.stream().filter(a -> a.isIpv6() == ipv6).toList();
            if (isAll(configured, ipv6)) {
                chosen.addAll(ofFamily);
            } else if (configured.isEmpty() || configured.contains(ProxyConfig.PRIMARY)) {
                ofFamily.stream().findFirst().ifPresent(chosen::add);
            } else { // "localhost" alone leaves none: nftables mode has no NodePorts on loopback addresses
                List<Prefix> cidrs = cidrs(configured);
                ofFamily.stream()
                        .filter(a -> cidrs.stream().anyMatch(p -> p.isIpv4() != ipv6 && p.contains(a)))
                        .forEach(chosen::add);
            }
        }
        return chosen;
    }

    /** Returns whether NodePorts of a family are open on all addresses. CIDRs of one family say nothing about the other, so that is all, too. */
    public static boolean isAll(List<String> configured, boolean ipv6) {
        List<Prefix> cidrs = cidrs(configured);
        List<Prefix> ofFamily = cidrs.stream().filter(p -> p.isIpv4() != ipv6).toList();
        int zeroBits = ipv6 ? 0 : 96;
        return configured.contains(ProxyConfig.ALL)
                || !cidrs.isEmpty() && ofFamily.isEmpty()
                || ofFamily.stream().anyMatch(p -> p.bits() == zeroBits);
    }

    private static List<Prefix> cidrs(List<String> configured) {
        return configured.stream()
                .filter(text -> text.indexOf('/') > 0)
                .map(Prefix::parse)
                .toList();
    }
}
