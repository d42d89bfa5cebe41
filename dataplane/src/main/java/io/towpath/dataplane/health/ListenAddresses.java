package io.towpath.dataplane.health;

import io.towpath.dataplane.control.NodePortAddresses;
import io.towpath.dataplane.http.Listeners;
import io.towpath.wire.Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Where healthCheckNodePorts listen: on the addresses that NodePorts are open on, or on the family's wildcard where those are all. A node's
 * addresses may be the engine's own and not the host's (router mode): then the wildcard, too.
 */
public final class ListenAddresses {
    private static final Address LOOPBACK_IPV4 = Address.parse("127.0.0.1");
    private static final Address LOOPBACK_IPV6 = Address.parse("::1");

    private ListenAddresses() {}

    /** @param isOnHost whether an interface of this host has the address */
    public static List<Address> choose(
            List<String> nodePortAddresses, List<Address> nodeAddresses, Predicate<Address> isOnHost) {
        List<Address> chosen = new ArrayList<>();
        List<Address> open = NodePortAddresses.choose(nodePortAddresses, nodeAddresses);
        for (boolean ipv6 : new boolean[] {false, true}) {
            List<Address> ofFamily =
                    open.stream().filter(a -> a.isIpv6() == ipv6).toList();
            List<Address> onHost = ofFamily.stream().filter(isOnHost).toList();
            if (!ofFamily.isEmpty() && !onHost.isEmpty() && !NodePortAddresses.isAll(nodePortAddresses, ipv6)) {
                chosen.addAll(onHost);
            } else if (!ofFamily.isEmpty() && isOnHost.test(ipv6 ? LOOPBACK_IPV6 : LOOPBACK_IPV4)) {
                chosen.add(ipv6 ? Listeners.ANY : Listeners.ANY_IPV4);
            }
        }
        return chosen;
    }

    /** Returns whether an interface of this host has the address. */
    static boolean isOnHost(Address address) {
        try {
            return NetworkInterface.getByInetAddress(InetAddress.ofLiteral(address.toString())) != null;
        } catch (SocketException e) {
            return false;
        }
    }
}
