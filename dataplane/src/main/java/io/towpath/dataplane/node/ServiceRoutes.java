package io.towpath.dataplane.node;

import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The two routing tables: one whose default route is the TAP, one with the Services' addresses. Behind each route to the TAP stands one
 * without a device, which is left when the TAP is gone: no packet for a Service then takes another way (unless the node is to fail open).
 */
final class ServiceRoutes implements Part {
    private static final int METRIC = 10;
    private static final int FALLBACK_METRIC = 4096;

    private final String tap;
    private final boolean failOpen;
    private final Address[] nodeAddress;
    private final int[] mtu;
    private Set<Prefix> destinations = Set.of();

    /** @param nodeAddresses the first of each family is the source of what the host itself sends to Services */
    ServiceRoutes(NodeConfig config, List<Address> nodeAddresses) {
        this.tap = config.tap();
        this.failOpen = config.failOpen();
        this.nodeAddress = new Address[] {first(nodeAddresses, true), first(nodeAddresses, false)};
        this.mtu = new int[2];
        for (int family = 0; family < 2; family++) {
            mtu[family] = nodeAddress[family] == null ? 0 : NodeHost.mtu(nodeAddress[family]);
        }
    }

    private static Address first(List<Address> addresses, boolean ipv4) {
        return addresses.stream().filter(a -> a.isIpv4() == ipv4).findFirst().orElse(null);
    }

    /** From the next {@link #apply} on. */
    void destinations(Set<Prefix> prefixes) {
        destinations = Set.copyOf(prefixes);
    }

    /** Returns the routes of a table of a family as {@code ip route add} takes them. */
    private List<String> wanted(int table, boolean ipv6) {
        List<String> routes = new ArrayList<>();
        if (nodeAddress[ipv6 ? 1 : 0] == null) {
            return routes;
        }
        if (table == PolicyRules.STEER_TABLE) {
            routes.add("default " + via(ipv6));
            if (!failOpen) {
                // Says nothing, so that open connections wait for the engine instead of being told that there is none.
                routes.add("blackhole default" + fallback());
            }
            return routes;
        }
        for (Prefix destination : destinations) {
            if (destination.isIpv4() != ipv6) {
                routes.add(destination + " " + via(ipv6) + " src " + nodeAddress[ipv6 ? 1 : 0] + " mtu "
                        + mtu[ipv6 ? 1 : 0]);
                if (!failOpen) {
                    routes.add("unreachable " + destination + fallback());
                }
            }
        }
        return routes;
    }

    private String via(boolean ipv6) {
        return "via " + (ipv6 ? "fe80::7077" : "169.254.70.77") + " dev " + tap + " onlink metric " + METRIC;
    }

    private static String fallback() {
        return " metric " + FALLBACK_METRIC;
    }

    @Override
    public List<Finding> check() {
        List<Finding> findings = new ArrayList<>();
        for (boolean ipv6 : new boolean[] {false, true}) {
            for (int table : new int[] {PolicyRules.STEER_TABLE, PolicyRules.SERVICE_TABLE}) {
                List<String> present = list(table, ipv6);
                for (String route : wanted(table, ipv6)) {
                    String key = key(route);
                    findings.add(Finding.of(
                            "route in table " + table + ": " + key,
                            present.stream().anyMatch(found -> key(found).equals(key)),
                            "not there"));
                }
            }
        }
        return findings;
    }

    /** Returns what tells routes of a table apart: type, destination, device or none, metric. */
    private static String key(String route) {
        String[] words = route.split(" ");
        boolean typed = words[0].equals("unreachable") || words[0].equals("blackhole");
        String destination = typed ? words[1] : words[0];
        String bare = destination.replaceFirst("^([0-9.]+)/32$", "$1").replaceFirst("^([0-9a-f:]+)/128$", "$1");
        return typed ? words[0] + " " + bare : bare + " via " + words[2] + " dev " + words[4];
    }

    /** IPv6 does not look at the type: without its metric another route of the same destination would go. */
    private static String deletable(String route) {
        String key = key(route);
        return key.contains(" via ") ? key : key + fallback();
    }

    private static List<String> list(int table, boolean ipv6) {
        try {
            return IpCommand.run(ipv6 ? "-6" : "-4", "route", "show", "table", String.valueOf(table))
                    .lines()
                    .map(String::strip)
                    .toList();
        } catch (LinuxException e) {
            return List.of(); // a table without routes is no table
        }
    }

    @Override
    public void apply() {
        for (boolean ipv6 : new boolean[] {false, true}) {
            List<String> commands = new ArrayList<>();
            for (int table : new int[] {PolicyRules.STEER_TABLE, PolicyRules.SERVICE_TABLE}) {
                Set<String> keys = new LinkedHashSet<>();
                for (String route : wanted(table, ipv6)) {
                    keys.add(key(route));
                    commands.add("route replace " + route + " table " + table);
                }
                for (String found : list(table, ipv6)) {
                    if (!keys.contains(key(found))) {
                        commands.add("route del " + deletable(found) + " table " + table);
                    }
                }
            }
            IpCommand.batch(ipv6, commands);
        }
    }

    @Override
    public void remove() {
        for (boolean ipv6 : new boolean[] {false, true}) {
            for (int table : new int[] {PolicyRules.STEER_TABLE, PolicyRules.SERVICE_TABLE}) {
                if (!list(table, ipv6).isEmpty()) {
                    IpCommand.batch(ipv6, List.of("route flush table " + table));
                }
            }
        }
    }
}
