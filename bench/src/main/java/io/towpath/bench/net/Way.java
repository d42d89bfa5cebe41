package io.towpath.bench.net;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A way from the client to the server, and its addresses: networks 10.1.n.0/24 at the client and 10.2.n.0/24 at the server, and 10.64.0.0/12
 * and the following ones for the virtual addresses of its Services.
 */
enum Way {
    /** Towpath, by its engines. */
    URING,
    NETTY,
    RW,
    /** The kernel, with the rules of kube-proxy's nftables mode. */
    NFTABLES,
    /** The kernel, with the chains of kube-proxy's iptables mode. */
    IPTABLES,
    /** The kernel as a router, no Services. */
    ROUTER,
    /** One link from the client to the server. */
    VETH,
    /** As {@link #URING}, but that each UDP datagram leaves by itself. */
    UNMERGED;

    /** Addresses of the server that Services lead to, in turn. */
    static final int BACKENDS = 4;

    /** Of all client networks. */
    static final String CLIENT_CIDR = "10.1.0.0/16";

    /** Of all server networks: what a cluster has for its pods. */
    static final String SERVER_CIDR = "10.2.0.0/16";

    private static final int FIRST_BLOCK = 64;
    private static final int BLOCK_STEP = 16;
    /** The first virtual address in a block is x.x.1.0. */
    private static final int FIRST_ADDRESS = 256;

    final String label = name().toLowerCase(Locale.ROOT);

    static List<Way> engines() {
        return List.of(URING, NETTY, RW, UNMERGED);
    }

    boolean isTowpath() {
        return engines().contains(this);
    }

    /** Returns what the configuration of Towpath's ports calls the engine. */
    String io() {
        return this == UNMERGED ? URING.label : label;
    }

    boolean hasServices() {
        return this != ROUTER && this != VETH;
    }

    /** Returns the name of the devices in the namespaces of client and server. */
    String device() {
        return "eth-" + label;
    }

    String client() {
        return "10.1." + ordinal() + ".2";
    }

    /** Returns the address that stands between, in the client's network. */
    String clientGateway() {
        return "10.1." + ordinal() + ".1";
    }

    String serverGateway() {
        return "10.2." + ordinal() + ".1";
    }

    String clientNetwork() {
        return "10.1." + ordinal() + ".0/24";
    }

    String serverNetwork() {
        return "10.2." + ordinal() + ".0/24";
    }

    /** Returns an address of the server, from 0. */
    String backend(int number) {
        return this == VETH ? "10.1." + ordinal() + "." + (3 + number) : "10.2." + ordinal() + "." + (2 + number);
    }

    List<String> backends() {
        return IntStream.range(0, BACKENDS).mapToObj(this::backend).toList();
    }

    /** Returns the network of all virtual addresses. */
    String block() {
        return "10." + (FIRST_BLOCK + BLOCK_STEP * ordinal()) + ".0.0/12";
    }

    /** Returns a Service's virtual address, from 0 to 999,999. */
    String virtual(int service) {
        int number = FIRST_ADDRESS + service;
        return "10." + (FIRST_BLOCK + BLOCK_STEP * ordinal() + (number >> 16)) + "." + (number >> 8 & 255) + "."
                + (number & 255);
    }

    /** Returns the first address that the client talks to. */
    String target() {
        return hasServices() ? virtual(0) : backend(0);
    }

    /** Returns how many addresses, from {@link #target} on, new connections go to. */
    int targets(int services) {
        return hasServices() ? services : BACKENDS;
    }
}
