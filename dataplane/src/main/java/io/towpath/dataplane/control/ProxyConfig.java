package io.towpath.dataplane.control;

import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.model.Field;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.YamlFile;
import io.towpath.nat.LocalDetector;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Towpath takes from a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1).
 *
 * @param detectLocalMode ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix
 * @param nodePortAddresses CIDRs, {@code primary}, {@code all} or {@code localhost}; empty means the primary addresses
 * @param hostnameOverride node name, empty where unset
 * @param healthzBindAddress where /healthz and /livez are served, null where unset
 * @param syncPeriodSeconds a change that is not in force after twice this time makes the proxy unhealthy
 */
public record ProxyConfig(
        String detectLocalMode,
        List<Prefix> clusterCidrs,
        String bridgeInterface,
        String interfaceNamePrefix,
        List<String> nodePortAddresses,
        boolean masqueradeAll,
        boolean topologyHints,
        String hostnameOverride,
        ConntrackConfig conntrack,
        BindAddress healthzBindAddress,
        long syncPeriodSeconds) {
    private static final long SYNC_PERIOD_DEFAULT_S = 30;
    private static final int HEALTHZ_PORT = 10256;
    private static final Pattern DURATION_PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|h|m|s)");

    /** In nodePortAddresses: the node's first address of each family. */
    static final String PRIMARY = "primary";

    /** In nodePortAddresses: all addresses of the node. */
    static final String ALL = "all";
    /** In nodePortAddresses: loopback addresses. */
    static final String LOCALHOST = "localhost";

    private static final List<String> ADDRESS_WORDS = List.of(PRIMARY, ALL, LOCALHOST);

    private static final List<String> MODES =
            List.of("ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix");

    private static final Set<String> USED = Set.of(
            "apiVersion",
            "kind",
            "mode",
            "clusterCIDR",
            "detectLocalMode",
            "detectLocal",
            "nodePortAddresses",
            "iptables",
            "nftables",
            "hostnameOverride",
            "featureGates",
            "conntrack",
            "healthzBindAddress");

    /** Where a server listens. */
    public record BindAddress(Address address, int port) {
        /** Reads an address with or without a port; one of IPv6 with a port has brackets. */
        static BindAddress parse(String text, int defaultPort) {
            int colon = text.lastIndexOf(':');
            boolean hasPort = colon > 0 && (text.charAt(colon - 1) == ']' || text.indexOf(':') == colon);
            String address = (hasPort ? text.substring(0, colon) : text).replaceAll("^\\[|]$", "");
            int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : defaultPort;
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("port must be 1..65535: " + port);
            }
            return new BindAddress(Address.parse(address), port);
        }

        @Override
        public String toString() {
            return address.withPort(port);
        }
    }

    public static ProxyConfig defaults() {
        return new ProxyConfig(
                "ClusterCIDR",
                List.of(),
                "",
                "",
                List.of(),
                false,
                true,
                "",
                ConntrackConfig.defaults(),
                null,
                SYNC_PERIOD_DEFAULT_S);
    }

    /**
     * Reads a file.
     *
     * @param warnings gets a line for each field that is not used
     * @throws ManifestException with every problem of the file
     */
    public static ProxyConfig read(Path file, List<String> warnings) throws ManifestException {
        YamlFile yaml = YamlFile.read(file);
        Field root = yaml.documents().isEmpty()
                ? null
                : yaml.documents().getFirst().get("kind").isPresent()
                        ? yaml.documents().getFirst()
                        : null;
        if (root == null || !root.get("kind").text("").equals("KubeProxyConfiguration")) {
            throw new ManifestException(List.of(file + ":1: kind: KubeProxyConfiguration was expected"));
        }
        root.names().stream()
                .filter(name -> !USED.contains(name))
                .forEach(name -> warnings.add(file + ": field " + name + " has no effect here"));
        ProxyConfig config = new ProxyConfig(
                root.get("detectLocalMode").text("ClusterCIDR"),
                cidrs(root.get("clusterCIDR")),
                root.get("detectLocal").get("bridgeInterface").text(""),
                root.get("detectLocal").get("interfaceNamePrefix").text(""),
                root.get("nodePortAddresses").texts(),
                root.get("nftables").get("masqueradeAll").truth(false)
                        || root.get("iptables").get("masqueradeAll").truth(false),
                root.get("featureGates").get("PreferSameTrafficDistribution").truth(true),
                root.get("hostnameOverride").text(""),
                conntrack(root.get("conntrack")),
                bindAddress(root.get("healthzBindAddress"), HEALTHZ_PORT),
                syncPeriodSeconds(root));
        if (!MODES.contains(config.detectLocalMode())) {
            root.get("detectLocalMode").problem("one of " + String.join(", ", MODES));
        }
        for (Field address : root.get("nodePortAddresses").elements()) {
            if (!ADDRESS_WORDS.contains(address.text(""))) {
                address.parsed(Prefix::parse, "a CIDR or one of " + String.join(", ", ADDRESS_WORDS));
            }
        }
        yaml.check();
        return config;
    }

    /** Returns the same with other cluster CIDRs. */
    public ProxyConfig withClusterCidrs(List<Prefix> cidrs) {
        return new ProxyConfig(
                detectLocalMode,
                cidrs,
                bridgeInterface,
                interfaceNamePrefix,
                nodePortAddresses,
                masqueradeAll,
                topologyHints,
                hostnameOverride,
                conntrack,
                healthzBindAddress,
                syncPeriodSeconds);
    }

    /** An empty text is none, as kubeadm writes it. */
    private static BindAddress bindAddress(Field field, int defaultPort) {
        return field.text("").isEmpty()
                ? null
                : field.parsed(
                        text -> BindAddress.parse(text, defaultPort), "an address such as 0.0.0.0:" + defaultPort);
    }

    private static long syncPeriodSeconds(Field root) {
        long ofIptables = seconds(root.get("iptables").get("syncPeriod"), SYNC_PERIOD_DEFAULT_S);
        return seconds(root.get("nftables").get("syncPeriod"), ofIptables);
    }

    private static List<Prefix> cidrs(Field field) {
        Map<Boolean, Prefix> firstOfFamily = new LinkedHashMap<>();
        for (String text : field.text("").split(",")) {
            if (!text.isBlank()) {
                Prefix prefix = field.parsed(ignored -> Prefix.parse(text.strip()), "CIDRs with commas between");
                if (prefix != null) {
                    firstOfFamily.putIfAbsent(prefix.isIpv4(), prefix);
                }
            }
        }
        return List.copyOf(firstOfFamily.values());
    }

    private static ConntrackConfig conntrack(Field field) {
        ConntrackConfig defaults = ConntrackConfig.defaults();
        return new ConntrackConfig(
                defaults.maxEntries(),
                field.get("tcpBeLiberal").truth(false),
                seconds(field.get("tcpEstablishedTimeout"), defaults.tcpEstablishedSeconds()),
                seconds(field.get("tcpCloseWaitTimeout"), defaults.tcpCloseWaitSeconds()),
                seconds(field.get("udpTimeout"), defaults.udpSeconds()),
                seconds(field.get("udpStreamTimeout"), defaults.udpStreamSeconds()));
    }

    /** Reads a Go duration such as 1h0m0s; 0 leaves the default. */
    private static long seconds(Field field, long defaultSeconds) {
        String text = field.text("");
        if (text.isEmpty() || text.equals("0")) {
            return defaultSeconds;
        }
        Matcher part = DURATION_PART.matcher(text);
        double seconds = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            double number = Double.parseDouble(part.group(1));
            seconds += switch (part.group(2)) {
                case "h" -> number * 3600;
                case "m" -> number * 60;
                case "s" -> number;
                default -> number / 1000;
            };
            end = part.end();
        }
        if (end != text.length()) {
            field.problem("a duration such as 1h0m0s");
        }
        return seconds > 0 ? (long) Math.ceil(seconds) : defaultSeconds;
    }

    /** Returns how local pods are told, given the pod CIDRs of the own Node. */
    LocalDetector localDetector(List<Prefix> podCidrs) {
        return switch (detectLocalMode) {
            case "NodeCIDR" -> bySource(podCidrs);
            case "BridgeInterface" -> new LocalDetector.ByInterface(bridgeInterface, false);
            case "InterfaceNamePrefix" -> new LocalDetector.ByInterface(interfaceNamePrefix, true);
            default -> bySource(clusterCidrs);
        };
    }

    private static LocalDetector bySource(List<Prefix> prefixes) {
        List<Prefix> copy = new ArrayList<>(prefixes);
        return copy.isEmpty() ? new LocalDetector.None() : new LocalDetector.BySource(copy);
    }
}
