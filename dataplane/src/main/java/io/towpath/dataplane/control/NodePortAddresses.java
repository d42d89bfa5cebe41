package io.towpath.dataplane.control;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which of the node's addresses NodePorts are open on (KubeProxyConfiguration nodePortAddresses, nftables mode): any mix of CIDRs and
 * keywords. Loopback addresses are never among them.
 */
final class NodePortAddresses {
    /** The node's first address of each family. */
    static final String PRIMARY = "primary";
    /** All addresses of both families. */
    static final String ALL = "all";
    /** Loopback addresses, on which only kube-proxy's iptables mode has NodePorts. */
    static final String LOCALHOST = "localhost";

    private NodePortAddresses() {}

    /** Returns whether this may be an entry of the list. */
    static boolean isValid(String entry) {
        if (entry.equals(PRIMARY) || entry.equals(ALL) || entry.equals(LOCALHOST)) {
            return true;
        }
        try {
            return entry.indexOf('/') > 0 && Prefix.parse(entry) != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** @param configured valid entries; none means the primary addresses */
    static List<Address> choose(List<String> configured, List<Address> nodeAddresses) {
        List<String> entries = configured.isEmpty() ? List.of(PRIMARY) : configured;
        boolean isKeywordThere = entries.stream().anyMatch(entry -> entry.indexOf('/') < 0);
        List<Prefix> cidrs = entries.stream()
                .filter(entry -> entry.indexOf('/') > 0)
                .map(Prefix::parse)
                .toList();
        List<Address> chosen = new ArrayList<>();
        for (boolean ipv4 : new boolean[] {true, false}) {
            List<Address> ofFamily =
                    nodeAddresses.stream().filter(a -> a.isIpv4() == ipv4).toList();
            Optional<Address> primary = ofFamily.stream().findFirst();
            boolean isFamilyNamed = isKeywordThere || cidrs.stream().anyMatch(cidr -> cidr.isIpv4() == ipv4);
            boolean isAll = entries.contains(ALL) || !isFamilyNamed; // CIDRs of one family say nothing about the other
            ofFamily.stream()
                    .filter(address -> isAll
                            || entries.contains(PRIMARY) && address.equals(primary.get())
                            || cidrs.stream().anyMatch(cidr -> cidr.contains(address)))
                    .forEach(chosen::add);
        }
        return chosen;
    }
}
