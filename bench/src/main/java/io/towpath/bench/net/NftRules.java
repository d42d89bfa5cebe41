package io.towpath.bench.net;

/**
 * The rules of kube-proxy's nftables mode (pkg/proxy/nftables/README.md in Kubernetes): one map from address, protocol and port to a Service's
 * chain, a mark for what is masqueraded, a chain for each endpoint. A Service has one endpoint, to which its chain goes at once: kube-proxy
 * chooses by a random number even then, with an anonymous map for each Service. The kernel looks at all earlier ones to name such a map, so
 * that 100,000 of them do not load in any reasonable time. This favours nftables.
 */
final class NftRules {
    private NftRules() {}

    /** Returns an nftables script. */
    static String script(Way way, int services) {
        StringBuilder script = new StringBuilder("table ip kube-proxy {\n");
        chain(script, "mark-for-masquerade", "mark set mark or 0x4000");
        chain(
                script,
                "masquerading",
                "mark and 0x4000 == 0 return",
                "mark set mark xor 0x4000",
                "masquerade fully-random");
        StringBuilder elements = new StringBuilder();
        for (int service = 0; service < services; service++) {
            for (ServicePort port : ServicePort.of(service)) {
                service(script, way, service, port);
                elements.append(way.virtual(service) + " . " + port.protocol() + " . " + port.number() + " : goto "
                        + chainOf("service", service, port) + ",\n");
            }
        }
        script.append("map service-ips {\ntype ipv4_addr . inet_proto . inet_service : verdict\nelements = {\n")
                .append(elements)
                .append("}\n}\n");
        chain(script, "services", "ip daddr . meta l4proto . th dport vmap @service-ips");
        chain(script, "nat-prerouting", "type nat hook prerouting priority dstnat; policy accept;", "jump services");
        chain(
                script,
                "nat-postrouting",
                "type nat hook postrouting priority srcnat; policy accept;",
                "jump masquerading");
        return script.append("}\n").toString();
    }

    private static void service(StringBuilder script, Way way, int service, ServicePort port) {
        String backend = way.backend(service % Way.BACKENDS);
        chain(
                script,
                chainOf("endpoint", service, port),
                "ip saddr " + backend + " jump mark-for-masquerade",
                "meta l4proto " + port.protocol() + " dnat to " + backend + ":" + port.number());
        chain(
                script,
                chainOf("service", service, port),
                "ip daddr " + way.virtual(service) + " ip saddr != " + Way.SERVER_CIDR + " jump mark-for-masquerade",
                "goto " + chainOf("endpoint", service, port));
    }

    private static String chainOf(String kind, int service, ServicePort port) {
        return kind + "-" + service + "-" + port.name();
    }

    private static void chain(StringBuilder script, String name, String... rules) {
        script.append("chain ").append(name).append(" {\n");
        for (String rule : rules) {
            script.append(rule).append('\n');
        }
        script.append("}\n");
    }
}
