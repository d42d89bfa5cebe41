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
public final class NodePortAddresses {
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
    public static List<Address> choose(List<String> configured, List<Address> nodeAddresses) {
        List<String> entries = configured.isEmpty() ? List.of(PRIMARY) : configured;
        List<Prefix> cidrs = cidrs(entries);
        List<Address> chosen = new ArrayList<>();
        for (boolean ipv4 : new boolean[] {true, false}) {
            List<Address> ofFamily =
                    nodeAddresses.stream().filter(a -> a.isIpv4() == ipv4).toList();
            Optional<Address> primary = ofFamily.stream().findFirst();
            boolean isAll = isAll(entries, !ipv4);
            ofFamily.stream()
                    .filter(address -> isAll
                            || entries.contains(PRIMARY) && address.equals(primary.get())
                            || cidrs.stream().anyMatch(cidr -> cidr.contains(address)))
                    .forEach(chosen::add);
        }
        return chosen;
    }

    /** Returns whether NodePorts of a family are open on all addresses. CIDRs of one family say nothing about the other: that is all, too. */
    public static boolean isAll(List<String> configured, boolean ipv6) {
        List<Prefix> cidrs = cidrs(configured);
        boolean isKeywordThere = cidrs.size() < configured.size();
        boolean isFamilyNamed = isKeywordThere || cidrs.stream().anyMatch(cidr -> cidr.isIpv4() != ipv6);
        int zeroBits = ipv6 ? 0 : 96;
        return configured.contains(ALL)
                || !configured.isEmpty() && !isFamilyNamed
                || cidrs.stream().anyMatch(cidr -> cidr.isIpv4() != ipv6 && cidr.bits() == zeroBits);
    }

    private static List<Prefix> cidrs(List<String> entries) {
        return entries.stream()
                .filter(entry -> entry.indexOf('/') > 0)
                .map(Prefix::parse)
                .toList();
    }
}
