package io.towpath.dataplane.node;

import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import io.towpath.linux.NftCommand;
import io.towpath.wire.Prefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Looks for what others have set up that would take packets away from the engine, or that the configuration should know of. */
final class ForeignRules {
    private static final Path IPVS = Path.of("/proc/net/ip_vs");
    private static final String REMOVE = "stop that proxy and remove its rules (kube-proxy --cleanup)";

    private final NodeConfig config;
    private final List<Prefix> clusterCidrs;

    ForeignRules(NodeConfig config, List<Prefix> clusterCidrs) {
        this.config = config;
        this.clusterCidrs = clusterCidrs;
    }

    List<Finding> check() {
        List<Finding> findings = new ArrayList<>();
        List<String> rules = NftCommand.run("-t", "list", "ruleset").lines().toList();
        if (rules.stream().anyMatch(line -> line.matches("table \\S+ kube-proxy \\{"))) {
            findings.add(Finding.foreign("kube-proxy in nftables mode", REMOVE));
        }
        if (rules.stream().anyMatch(line -> line.contains("chain KUBE-SERVICES "))) {
            findings.add(Finding.foreign("kube-proxy in iptables mode", REMOVE));
        }
        if (hasLines(IPVS, 3)) {
            findings.add(Finding.foreign("virtual servers of IPVS", REMOVE));
        }
        if (rules.stream().anyMatch(line -> line.strip().endsWith("notrack"))) {
            findings.add(Finding.foreign(
                    "a rule with notrack", "replies of connections that the kernel does not track are not reverted"));
        }
        findings.addAll(LegacyForward.check(config.tap()));
        for (NodeHost.Own own : NodeHost.own(config.tap())) {
            Predicate<Prefix> holds = prefix -> prefix.contains(own.address());
            if (isBridge(own.device().getName()) && clusterCidrs.stream().anyMatch(holds)) {
                String network = own.address() + "/" + own.bits();
                findings.add(Finding.of(
                        "bridge " + own.device().getName() + " " + network,
                        config.bridgeNetworks().stream().anyMatch(holds),
                        "add its network to node.bridgeNetworks, or isolate its ports: its pods answer each other past"
                                + " the engine (a repair does not change the configuration)"));
            }
        }
        return findings;
    }

    private static boolean isBridge(String device) {
        try {
            return !IpCommand.run("-o", "link", "show", "type", "bridge", "dev", device)
                    .isEmpty();
        } catch (LinuxException e) {
            return false; // it went away meanwhile
        }
    }

    private static boolean hasLines(Path file, int more) {
        try {
            return Files.exists(file) && Files.readAllLines(file).size() > more;
        } catch (IOException e) {
            return false;
        }
    }
}
