package io.towpath.dataplane.node;

import io.towpath.linux.IpCommand;
import java.util.ArrayList;
import java.util.List;

/** The policy rules of both families, and the place of the {@code local} table behind the first of them. */
final class PolicyRules implements Part {
    /** Bit of the packet mark and of the connection mark: of a Service. Free of the bits of kube-proxy, Calico, Cilium and Weave. */
    static final String MARK = "0x1000";
    /** Table whose default route is the TAP. */
    static final int STEER_TABLE = 7077;
    /** Table with routes to Services' addresses. */
    static final int SERVICE_TABLE = 7078;

    private static final int LOCAL_PREFERENCE = 100;
    private static final String LOCAL_FIRST = "0:from all lookup local";
    private static final String LOCAL_LATER = LOCAL_PREFERENCE + ":from all lookup local";

    private final boolean[] families;
    /** As {@code ip rule} lists them. */
    private final List<String> wanted;

    PolicyRules(String tap, boolean ipv4, boolean ipv6) {
        families = new boolean[] {ipv4, ipv6};
        wanted = List.of(
                "70:from all fwmark " + MARK + "/" + MARK + " lookup " + STEER_TABLE,
                LOCAL_LATER,
                "110:not from all iif " + tap + " lookup " + SERVICE_TABLE);
    }

    @Override
    public List<Finding> check() {
        List<Finding> findings = new ArrayList<>();
        for (boolean ipv6 : new boolean[] {false, true}) {
            if (!families[ipv6 ? 1 : 0]) {
                continue;
            }
            List<String> present = list(ipv6);
            String family = ipv6 ? "IPv6 rule " : "IPv4 rule ";
            for (String rule : wanted) {
                findings.add(Finding.of(family + rule, present.contains(rule), "not there"));
            }
            findings.add(Finding.of(
                    family + "table local behind the marks",
                    !present.contains(LOCAL_FIRST),
                    "the local table goes first: NodePorts do not reach the engine"));
        }
        return findings;
    }

    private static List<String> list(boolean ipv6) {
        return IpCommand.run(ipv6 ? "-6" : "-4", "rule", "show")
                .lines()
                .map(line -> line.replace("\t", "").replace("[detached] ", "").strip())
                .toList();
    }

    @Override
    public void apply() {
        for (boolean ipv6 : new boolean[] {false, true}) {
            if (families[ipv6 ? 1 : 0]) {
                List<String> present = list(ipv6);
                List<String> commands = new ArrayList<>();
                for (String rule : wanted) {
                    if (!present.contains(rule)) {
                        commands.add("rule add " + arguments(rule));
                    }
                }
                if (present.contains(LOCAL_FIRST)) {
                    commands.add("rule del " + arguments(LOCAL_FIRST)); // the other one is there by now
                }
                IpCommand.batch(ipv6, commands);
            }
        }
    }

    @Override
    public void remove() {
        for (boolean ipv6 : new boolean[] {false, true}) {
            List<String> present = list(ipv6);
            List<String> commands = new ArrayList<>();
            if (present.contains(LOCAL_LATER) && !present.contains(LOCAL_FIRST)) {
                commands.add("rule add " + arguments(LOCAL_FIRST));
            }
            for (String rule : present) {
                if (wanted.contains(rule)) {
                    commands.add("rule del " + arguments(rule));
                }
            }
            IpCommand.batch(ipv6, commands);
        }
    }

    private static String arguments(String rule) {
        int colon = rule.indexOf(':');
        String rest = rule.substring(colon + 1);
        return rest.startsWith("not ")
                ? "not " + rest.substring(4) + " pref " + rule.substring(0, colon)
                : rest + " pref " + rule.substring(0, colon);
    }
}
