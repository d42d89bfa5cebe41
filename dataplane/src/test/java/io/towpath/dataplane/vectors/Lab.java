package io.towpath.dataplane.vectors;

import java.util.List;

/** The network of all cases in router mode: who is where, and whom it has which MAC address. */
final class Lab {
    /** Port of the world outside. */
    static final String CLIENTS = "clients";
    /** Port of the pods. */
    static final String PODS = "pods";

    static final String CONFIG = """
            clusterCIDR: "10.1.0.0/16,fd01::/16"
            ports:
              - {name: clients, tap: tp0, mac: "02:00:00:00:01:01", addresses: [10.0.0.1/24, "fd00::1/64"]}
              - {name: pods, tap: tp1, mac: "02:00:00:00:01:02", addresses: [10.1.0.1/24, "fd01::1/64"]}
            routes:
              - {to: 198.51.100.0/24, via: 10.0.0.254}
              - {to: "2001:db8:9::/64", via: "fd00::fe"}
            """;

    static final String OBJECTS = """
            kind: Service
            metadata: {name: web, namespace: shop}
            spec:
              clusterIPs: [10.96.0.10, "fd96::10"]
              ports:
                - {name: http, port: 80, protocol: TCP}
                - {name: dns, port: 53, protocol: UDP}
                - {name: sig, port: 2905, protocol: SCTP}
            ---
            kind: EndpointSlice
            metadata: {name: web-4, namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports:
              - {name: http, port: 8080, protocol: TCP}
              - {name: dns, port: 5353, protocol: UDP}
              - {name: sig, port: 12905, protocol: SCTP}
            endpoints: [{addresses: [10.1.0.2]}]
            ---
            kind: EndpointSlice
            metadata: {name: web-6, namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: IPv6
            ports:
              - {name: http, port: 8080, protocol: TCP}
              - {name: dns, port: 5353, protocol: UDP}
              - {name: sig, port: 12905, protocol: SCTP}
            endpoints: [{addresses: ["fd01::2"]}]
            ---
            kind: ServiceCIDR
            metadata: {name: kubernetes}
            spec: {cidrs: [10.96.0.0/16, "fd96::/112"]}
            """;

    static final Net V4 = new Net(
            "v4",
            "10.0.0.2",
            "10.0.0.254",
            "198.51.100.7",
            "10.0.0.1",
            "10.96.0.10",
            "10.1.0.1",
            "10.1.0.2",
            "10.1.0.9",
            "10.1.0.254");
    static final Net V6 = new Net(
            "v6",
            "fd00::2",
            "fd00::fe",
            "2001:db8:9::7",
            "fd00::1",
            "fd96::10",
            "fd01::1",
            "fd01::2",
            "fd01::9",
            "fd01::fe");
    static final List<Net> BOTH = List.of(V4, V6);

    /**
     * The addresses of a family.
     *
     * @param client outside, on the clients' network
     * @param clientHop router there, with the network of {@code farClient} behind it
     * @param gateway the engine on the clients' network
     * @param node the engine on the pods' network: what masquerade shows
     * @param backend of the Service at {@code vip}
     * @param pod client among the pods
     * @param podHop something that is between the engine and a pod
     */
    record Net(
            String name,
            String client,
            String clientHop,
            String farClient,
            String gateway,
            String vip,
            String node,
            String backend,
            String pod,
            String podHop) {
        boolean isIpv6() {
            return vip.indexOf(':') >= 0;
        }
    }

    private Lab() {}

    /** Returns the port that an address is behind. */
    static String port(String address) {
        return address.startsWith("10.1.") || address.startsWith("fd01:") ? PODS : CLIENTS;
    }

    /** Returns the MAC address of a port of the engine. */
    static byte[] ownMac(String port) {
        return Bytes.hex(port.equals(PODS) ? "02 00 00 00 01 02" : "02 00 00 00 01 01");
    }

    /** Returns the MAC address of the neighbor that is or leads to an address: 02:00 and the last four bytes. */
    static byte[] neighborMac(String address) {
        String neighbor = address.startsWith("198.51.100.")
                ? V4.clientHop()
                : address.startsWith("2001:db8:9:") ? V6.clientHop() : address;
        byte[] bytes = Ip.address(neighbor);
        byte[] mac = {2, 0, 0, 0, 0, 0};
        System.arraycopy(bytes, bytes.length - 4, mac, 2, 4);
        return mac;
    }
}
