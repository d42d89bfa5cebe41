package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.Namespace;
import io.towpath.wire.Address;

/**
 * Something in the lab that has addresses: a pod, a node or the client.
 *
 * @param name as in the table
 */
record Host(String name, Namespace namespace, String ipv4, String ipv6) {
    Host {
        ipv6 = Address.parse(ipv6).toString(); // as backends print it
    }

    /** Returns the name that its server answers with. */
    String serverName() {
        return name.replace(" ", "-");
    }

    String address(boolean v6) {
        return v6 ? ipv6 : ipv4;
    }
}
