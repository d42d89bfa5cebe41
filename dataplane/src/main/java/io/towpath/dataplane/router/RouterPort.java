package io.towpath.dataplane.router;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.List;

/**
 * What the router knows of a port.
 *
 * @param mac the engine's MAC address on this network
 * @param addresses the engine's addresses on this network; the first of each family is what it shows as its own
 * @param networks the prefixes of the addresses
 * @param mtu largest IP packet in bytes
 */
public record RouterPort(String name, long mac, List<Address> addresses, List<Prefix> networks, int mtu) {
    /** Returns whether an address is on the port's own networks. */
    public boolean isOnLink(long hi, long lo) {
        for (int i = 0; i < networks.size(); i++) {
            if (networks.get(i).contains(hi, lo)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the first address of a family, null where there is none. */
    Address address(boolean ipv4) {
        for (int i = 0; i < addresses.size(); i++) {
            if (addresses.get(i).isIpv4() == ipv4) {
                return addresses.get(i);
            }
        }
        return null;
    }
}
