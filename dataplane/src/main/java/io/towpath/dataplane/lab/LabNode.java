package io.towpath.dataplane.lab;

import java.util.List;

/**
 * A node and its pods: two on point-to-point links, then two behind a bridge.
 *
 * @param number 1 or 2; part of its addresses
 */
record LabNode(int number, Host host, List<Host> pods) {
    /** Pods from this one on are behind the bridge. */
    static final int FIRST_ON_BRIDGE = 2;

    String podCidr(boolean v6) {
        return v6 ? "fd44:0:0:" + number + "::/64" : "10.244." + number + ".0/24";
    }

    /** The bridge's own address with its network. */
    String bridge(boolean v6) {
        return v6 ? "fd44:0:0:" + number + ":80::1/80" : "10.244." + number + ".129/25";
    }

    String bridgeNetwork(boolean v6) {
        return v6 ? "fd44:0:0:" + number + ":80::/80" : "10.244." + number + ".128/25";
    }

    boolean has(Host other) {
        return host.equals(other) || pods.contains(other);
    }
}
