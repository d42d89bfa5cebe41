package io.towpath.dataplane.demo;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * Addresses and ports of the demo's network. Network 0 is the client's, networks 1 to 3 are the backends'; network n is
 * 10.77.n.0/24 and fd77:n::/64, where the engine is .1 and the first guest .2. Service addresses are those of the manifests
 * under {@code examples/}.
 */
public final class Plan {
    public static final int BACKENDS = 3;
    /** Client addresses in each family. */
    public static final int CLIENT_ADDRESSES = 8;

    public static final String CLUSTER_CIDR = "10.77.0.0/16,fd77::/16";
    public static final String NODE_V4 = "192.0.2.10";
    public static final String NODE_V6 = "2001:db8:77::10";

    public static final String WEB_V4 = "10.96.0.10";
    public static final String WEB_V6 = "fd96::10";
    public static final int WEB_PORT = 80;
    public static final int WEB_NODE_PORT = 30080;
    public static final int WEB_BACKEND_PORT = 8080;

    public static final String ECHO_V4 = "10.96.0.11";
    public static final String ECHO_V6 = "fd96::11";
    public static final int ECHO_PORT = 7;
    public static final int ECHO_BACKEND_PORT = 7007;

    public static final String BULK_V4 = "10.96.0.12";
    public static final String BULK_V6 = "fd96::12";
    public static final int BULK_PORT = 5001;

    public static final String IPERF_V4 = "10.96.0.13";
    public static final String IPERF_V6 = "fd96::13";
    public static final int IPERF_PORT = 5201;

    private Plan() {}

    /** The engine's addresses on a network, with prefix lengths. */
    public static List<String> gateway(int network) {
        return List.of(host4(network, 1) + "/24", host6(network, 1) + "/64");
    }

    /** The guest's addresses on a network, with prefix lengths: several on the client's. */
    public static List<String> guest(int network) {
        int count = network == 0 ? CLIENT_ADDRESSES : 1;
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            addresses.add(host4(network, 2 + i) + "/24");
            addresses.add(host6(network, 2 + i) + "/64");
        }

        return addresses;
    }

    /** Where the client's connections come from: IPv4 or IPv6 addresses. */
    public static List<InetAddress> clientAddresses(boolean isIpv6) {
        List<InetAddress> addresses = new ArrayList<>();
        for (int i = 0; i < CLIENT_ADDRESSES; i++) {
            addresses.add(address(isIpv6 ? host6(0, 2 + i) : host4(0, 2 + i)));
        }

        return addresses;
    }

    /** A host of an IPv4 network. */
    public static String host4(int network, int host) {
        return "10.77." + network + "." + host;
    }

    /** A host of an IPv6 network; hosts below 10. */
    public static String host6(int network, int host) {
        return "fd77:" + network + "::" + host;
    }

    /** A literal address with a port. */
    public static InetSocketAddress at(String literal, int port) {
        return new InetSocketAddress(address(literal), port);
    }

    /** The ways to the web Service. */
    public static List<HttpLoad.Target> webTargets() {
        return List.of(
                new HttpLoad.Target("ClusterIP " + text(WEB_V4, WEB_PORT), at(WEB_V4, WEB_PORT)),
                new HttpLoad.Target("ClusterIP " + text(WEB_V6, WEB_PORT), at(WEB_V6, WEB_PORT)),
                new HttpLoad.Target("NodePort  " + text(NODE_V4, WEB_NODE_PORT), at(NODE_V4, WEB_NODE_PORT)),
                new HttpLoad.Target("NodePort  " + text(NODE_V6, WEB_NODE_PORT), at(NODE_V6, WEB_NODE_PORT)));
    }

    /** Address and port as in a URL. */
    public static String text(String literal, int port) {
        return (literal.indexOf(':') < 0 ? literal : "[" + literal + "]") + ":" + port;
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an address: " + literal, e);
        }
    }
}
