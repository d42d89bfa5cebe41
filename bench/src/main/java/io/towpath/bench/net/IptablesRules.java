package io.towpath.bench.net;

/**
 * The chains of kube-proxy's iptables mode (pkg/proxy/iptables in Kubernetes): one list of all Services' addresses, which a new connection goes
 * along rule by rule, a chain for each Service and one for each endpoint.
 */
final class IptablesRules {
    private static final String MASQUERADE_ALL = " -j KUBE-MARK-MASQ\n";

    private IptablesRules() {}

    /** Returns what {@code iptables-restore} reads. */
    static String script(Way way, int services) {
        StringBuilder chains =
                new StringBuilder("*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-POSTROUTING - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n");
        StringBuilder rules = new StringBuilder("""
                -A PREROUTING -j KUBE-SERVICES
                -A POSTROUTING -j KUBE-POSTROUTING
                -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
                -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
                -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
                -A KUBE-POSTROUTING -j MASQUERADE --random-fully
                """);
        for (int service = 0; service < services; service++) {
            for (ServicePort port : ServicePort.of(service)) {
                service(chains, rules, way, service, port);
            }
        }
        return chains.append(rules).append("COMMIT\n").toString();
    }

    private static void service(StringBuilder chains, StringBuilder rules, Way way, int service, ServicePort port) {
        String backend = way.backend(service % Way.BACKENDS);
        String serviceChain = "KUBE-SVC-" + service + "-" + port.name();
        String endpointChain = "KUBE-SEP-" + service + "-" + port.name();
        String protocol = " -p " + port.protocol() + " -m " + port.protocol();
        String virtual = " -d " + way.virtual(service) + "/32" + protocol + " --dport " + port.number();
        chains.append(":" + serviceChain + " - [0:0]\n:" + endpointChain + " - [0:0]\n");
        rules.append("-A KUBE-SERVICES" + virtual + " -m comment --comment \"bench/s" + service + ":" + port.name()
                + " cluster IP\" -j " + serviceChain + "\n");
        rules.append("-A " + serviceChain + " ! -s " + Way.SERVER_CIDR + virtual + MASQUERADE_ALL);
        rules.append("-A " + serviceChain + " -j " + endpointChain + "\n");
        rules.append("-A " + endpointChain + " -s " + backend + "/32" + MASQUERADE_ALL);
        rules.append(
                "-A " + endpointChain + protocol + " -j DNAT --to-destination " + backend + ":" + port.number() + "\n");
    }
}
