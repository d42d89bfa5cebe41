package io.towpath.dataplane.lab;

import java.util.List;

/**
 * The rules by which kube-proxy's nftables mode would proxy the lab's Services on a node (pkg/proxy/nftables/README.md in Kubernetes): maps from
 * address and port to a chain of the Service, a mark for what is masqueraded, one chain for each endpoint.
 */
final class NftProxy {
    private final StringBuilder script = new StringBuilder();
    private final LabNode node;
    private final boolean v6;
    private final String ip;

    private NftProxy(LabNode node, boolean v6) {
        this.node = node;
        this.v6 = v6;
        this.ip = v6 ? "ip6" : "ip";
    }

    /** Returns an nftables script. */
    static String script(LabNode node, List<LabService> services) {
        return new NftProxy(node, false).table(services) + new NftProxy(node, true).table(services);
    }

    private String table(List<LabService> services) {
        script.append("table ").append(ip).append(" kube-proxy {\n");
        chain("mark-for-masquerade", "mark set mark or 0x4000");
        chain("masquerading", "mark and 0x4000 == 0 return", "mark set mark xor 0x4000", "masquerade fully-random");
        for (LabService service : services) {
            ofService(service, "tcp", LabService.PORT, LabService.BACKEND_PORT);
            ofService(service, "udp", LabService.PORT, LabService.BACKEND_PORT);
            ofService(service, "tcp", LabService.BULK_PORT, LabService.BULK_PORT);
        }
        map("service-ips", v6 ? "ipv6_addr . inet_proto . inet_service" : "ipv4_addr . inet_proto . inet_service");
        services.forEach(this::addresses);
        script.append("}\n}\n");
        map("service-nodeports", "inet_proto . inet_service");
        services.stream().filter(LabService::isExternal).forEach(service -> {
            for (String protocol : List.of("tcp", "udp")) {
                element(protocol + " . " + service.nodePort(), chainOf("external", service, protocol, LabService.PORT));
            }
        });
        script.append("}\n}\n");
        chain(
                "services",
                ip + " daddr . meta l4proto . th dport vmap @service-ips",
                ip + " daddr " + node.host().address(v6) + " meta l4proto . th dport vmap @service-nodeports");
        chain("nat-prerouting", "type nat hook prerouting priority dstnat; policy accept;", "jump services");
        chain("nat-output", "type nat hook output priority -100; policy accept;", "jump services");
        // Before the CNI plugin's chain: kube-proxy's own is there first on most nodes.
        chain("nat-postrouting", "type nat hook postrouting priority srcnat - 1; policy accept;", "jump masquerading");
        return script.append("}\n").toString();
    }

    private void map(String name, String type) {
        script.append("map ").append(name).append(" {\ntype ").append(type).append(" : verdict\nelements = {\n");
    }

    private void element(String key, String chain) {
        script.append(key).append(" : goto ").append(chain).append(",\n");
    }

    private void addresses(LabService service) {
        for (String protocol : List.of("tcp", "udp")) {
            element(
                    service.clusterIp(v6) + " . " + protocol + " . " + LabService.PORT,
                    chainOf("service", service, protocol, LabService.PORT));
            if (service.isExternal()) {
                element(
                        service.balancerIp(v6) + " . " + protocol + " . " + LabService.PORT,
                        chainOf("external", service, protocol, LabService.PORT));
            }
        }
        element(
                service.clusterIp(v6) + " . tcp . " + LabService.BULK_PORT,
                chainOf("service", service, "tcp", LabService.BULK_PORT));
    }

    private void ofService(LabService service, String protocol, int port, int backendPort) {
        List<Host> backends = service.backends();
        for (Host backend : backends) {
            String address = backend.address(v6);
            String target = v6 ? "[" + address + "]:" + backendPort : address + ":" + backendPort;
            chain(
                    endpoint(service, protocol, port, backend),
                    ip + " saddr " + address + " jump mark-for-masquerade",
                    "meta l4proto " + protocol + " dnat to " + target);
        }
        String cluster = v6 ? LabNetwork.POD_CIDR_V6 : LabNetwork.POD_CIDR_V4;
        String clusterChain = chainOf("service", service, protocol, port);
        chain(
                clusterChain,
                ip + " daddr " + service.clusterIp(v6) + " " + ip + " saddr != " + cluster
                        + " jump mark-for-masquerade",
                choice(service, protocol, port, backends));
        if (!service.isExternal()) {
            return;
        }
        String external = chainOf("external", service, protocol, port);
        if (!service.local()) {
            chain(external, "jump mark-for-masquerade", "goto " + clusterChain);
            return;
        }
        List<Host> local = backends.stream().filter(node::has).toList();
        chain(
                external,
                ip + " saddr " + cluster + " goto " + clusterChain,
                "fib saddr type local jump mark-for-masquerade",
                "fib saddr type local goto " + clusterChain,
                local.isEmpty() ? "drop" : choice(service, protocol, port, local));
    }

    private static String choice(LabService service, String protocol, int port, List<Host> backends) {
        StringBuilder rule =
                new StringBuilder("numgen random mod ").append(backends.size()).append(" vmap { ");
        for (int i = 0; i < backends.size(); i++) {
            rule.append(i == 0 ? "" : ", ")
                    .append(i)
                    .append(" : goto ")
                    .append(endpoint(service, protocol, port, backends.get(i)));
        }
        return rule.append(" }").toString();
    }

    private static String endpoint(LabService service, String protocol, int port, Host backend) {
        return chainOf("endpoint", service, protocol, port) + "-"
                + backend.name().replace(" ", "-");
    }

    private static String chainOf(String kind, LabService service, String protocol, int port) {
        return kind + "-" + service.name() + "-" + protocol + "-" + port;
    }

    private void chain(String name, String... rules) {
        script.append("chain ").append(name).append(" {\n");
        for (String rule : rules) {
            script.append(rule).append('\n');
        }
        script.append("}\n");
    }
}
