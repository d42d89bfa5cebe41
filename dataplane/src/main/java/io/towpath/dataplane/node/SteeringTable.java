package io.towpath.dataplane.node;

import io.towpath.linux.LinuxException;
import io.towpath.linux.NftCommand;
import io.towpath.nat.PortRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The nftables table {@code inet towpath}: marks what is to go through the engine.
 *
 * <p>The kernel's connection tracking knows which connections came out of the engine; their replies, and ICMP errors about them (never
 * neighbor discovery), are marked wherever they are from, so that they are reverted. It also puts fragments together before ports are looked at.
 */
final class SteeringTable implements Part {
    static final String NAME = "inet towpath";

    private static final String MARK = PolicyRules.MARK;
    private static final String SET_MARK = "meta mark set meta mark | " + MARK;
    private static final String COMMENT = "towpath ";

    private final String tap;
    private final PortRange nodePorts;
    private Collection<LocalVip> localVips = List.of();

    /** An address and port of a Service where the address is the host's own. */
    record LocalVip(boolean ipv4, String address, int protocol, int port) {}

    SteeringTable(NodeConfig config) {
        this.tap = config.tap();
        this.nodePorts = config.nodePorts();
    }

    /** From the next {@link #apply} on. */
    void localVips(Collection<LocalVip> vips) {
        localVips = List.copyOf(vips);
    }

    private List<String> steering() {
        String nodePort = " fib daddr type local meta l4proto { tcp, udp, sctp } th dport " + nodePorts.first() + "-"
                + nodePorts.last() + " " + SET_MARK;
        return List.of(
                "ct direction reply ct mark & " + MARK + " == " + MARK + " " + SET_MARK,
                "ct direction reply return",
                "ip daddr . meta l4proto . th dport @vips4 " + SET_MARK,
                "ip6 daddr . meta l4proto . th dport @vips6 " + SET_MARK,
                "ip daddr != 127.0.0.0/8" + nodePort,
                "ip6 daddr != ::1" + nodePort);
    }

    private List<String> arrivals() {
        return List.of(
                "iifname \"" + tap + "\" ct direction original ct mark set ct mark | " + MARK,
                "iifname { \"" + tap + "\", \"lo\" } return",
                "jump steer");
    }

    /** Binds connections to the engine to the addresses that they have, so that no later masquerade rule gets to decide about them. */
    private List<String> departures() {
        return List.of("oifname \"" + tap + "\" snat ip to ip saddr", "oifname \"" + tap + "\" snat ip6 to ip6 saddr");
    }

    @Override
    public void apply() {
        StringBuilder script = new StringBuilder();
        script.append("table ")
                .append(NAME)
                .append("\ndelete table ")
                .append(NAME)
                .append("\ntable ");
        script.append(NAME).append(" {\n");
        set(script, "vips4", "ipv4_addr", true);
        set(script, "vips6", "ipv6_addr", false);
        chain(script, "steer", "", steering());
        chain(script, "prerouting", "type filter hook prerouting priority mangle; policy accept;", arrivals());
        chain(script, "output", "type route hook output priority mangle; policy accept;", List.of("jump steer"));
        chain(script, "postrouting", "type nat hook postrouting priority srcnat - 1; policy accept;", departures());
        script.append("}\n");
        NftCommand.apply(script.toString());
    }

    private void set(StringBuilder script, String name, String type, boolean ipv4) {
        String elements = localVips.stream()
                .filter(vip -> vip.ipv4 == ipv4)
                .map(vip -> vip.address + " . " + vip.protocol + " . " + vip.port)
                .collect(Collectors.joining(", "));
        script.append("set ").append(name).append(" {\ntype ").append(type).append(" . inet_proto . inet_service\n");
        if (!elements.isEmpty()) {
            script.append("elements = { ").append(elements).append(" }\n");
        }
        script.append("}\n");
    }

    private static void chain(StringBuilder script, String name, String hook, List<String> rules) {
        script.append("chain ").append(name).append(" {\n").append(hook).append('\n');
        int number = 0;
        for (String rule : rules) {
            script.append(rule)
                    .append(" comment \"")
                    .append(comment(name, ++number))
                    .append("\"\n");
        }
        script.append("}\n");
    }

    private static String comment(String chain, int number) {
        return COMMENT + chain + " " + number;
    }

    @Override
    public List<Finding> check() {
        String listing = listing();
        List<Finding> findings = new ArrayList<>();
        check(findings, listing, "steer", steering().size());
        check(findings, listing, "prerouting", arrivals().size());
        check(findings, listing, "output", 1);
        check(findings, listing, "postrouting", departures().size());
        return findings;
    }

    private static void check(List<Finding> findings, String listing, String chain, int rules) {
        int missing = 0;
        for (int number = 1; number <= rules; number++) {
            missing += listing.contains("\"" + comment(chain, number) + "\"") ? 0 : 1;
        }
        findings.add(Finding.of(
                "nftables chain " + NAME + " " + chain,
                missing == 0,
                missing + " of " + rules + " rules are not there"));
    }

    /** Returns the table as it is, empty where there is none. */
    private static String listing() {
        if (NftCommand.run("list", "tables").lines().noneMatch(("table " + NAME)::equals)) {
            return "";
        }
        try {
            return NftCommand.run("list", "table", "inet", "towpath");
        } catch (LinuxException e) {
            return ""; // removed meanwhile
        }
    }

    @Override
    public void remove() {
        NftCommand.apply("table " + NAME + "\ndelete table " + NAME + "\n");
    }
}
