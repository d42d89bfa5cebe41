package io.towpath.dataplane.control;

import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.model.Field;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.YamlFile;
import io.towpath.nat.Scheduler;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Reads a KubeProxyConfiguration, by itself or in the ConfigMap that clusters keep it in. */
final class ProxyConfigReader {
    private static final String KIND = "KubeProxyConfiguration";
    private static final String API_VERSION = "kubeproxy.config.k8s.io/v1alpha1";
    private static final String USED_GATE = "PreferSameTrafficDistribution";

    private static final List<String> LOCAL_MODES =
            List.of("ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix");

    private static final String NOT_ON_LOCALHOST = ", never on localhost";

    private static final int HEALTHZ_PORT = 10_256;

    /** conntrack.maxPerCore and conntrack.min where only the other one is set: kube-proxy's defaults. */
    private static final int MAX_PER_CORE = 32_768;

    private static final int MIN_ENTRIES = 131_072;
    /** Connections at most: a table of 4 GiB, which is allocated at the start. */
    private static final int ENTRIES_LIMIT = 1 << 24;

    private final Field root;
    private final int cores;
    private final Consumer<String> warnings;

    private ProxyConfigReader(Field root, int cores, Consumer<String> warnings) {
        this.root = root;
        this.cores = cores;
        this.warnings = warnings;
    }

    static ProxyConfig read(Path file, int cores, Consumer<String> warnings) throws ManifestException {
        YamlFile yaml = YamlFile.read(file);
        for (Field document : yaml.documents()) {
            String kind = document.get("kind").text("");
            if (kind.equals(KIND)) {
                return read(yaml, document, cores, warnings);
            }
            if (kind.equals("ConfigMap")) {
                Optional<ProxyConfig> config = readConfigMap(file, document.get("data"), cores, warnings);
                if (config.isPresent()) {
                    return config.get();
                }
            }
        }
        yaml.check();
        throw new ManifestException(
                List.of(file + ":1: kind: " + KIND + ", or a ConfigMap with one in it, was expected"));
    }

    private static Optional<ProxyConfig> readConfigMap(Path file, Field data, int cores, Consumer<String> warnings)
            throws ManifestException {
        List<String> keys = new ArrayList<>(data.names());
        keys.sort((a, b) -> Boolean.compare(b.equals("config.conf"), a.equals("config.conf")));
        for (String key : keys) {
            String text = data.get(key).text("");
            if (text.contains(KIND)) {
                YamlFile yaml = YamlFile.parse(file + " data[" + key + "]", text);
                for (Field document : yaml.documents()) {
                    if (document.get("kind").text("").equals(KIND)) {
                        return Optional.of(read(yaml, document, cores, warnings));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static ProxyConfig read(YamlFile yaml, Field document, int cores, Consumer<String> warnings)
            throws ManifestException {
        Field root = document.named(KIND + ": ");
        if (!root.get("apiVersion").text("").equals(API_VERSION)) {
            root.get("apiVersion").problem(API_VERSION);
            yaml.check();
        }
        ProxyConfig config = new ProxyConfigReader(root, cores, warnings).read();
        yaml.check();
        return config;
    }

    private ProxyConfig read() {
        ProxyFields.check(root, warnings);
        mode();
        Field gates = root.get("featureGates");
        for (String gate : gates.names()) {
            if (gates.get(gate).truth(false) && !gate.equals(USED_GATE)) {
                warnings.accept(gates.get(gate).remark("has no effect"));
            }
        }
        return new ProxyConfig(
                localMode(),
                cidrs(root.get("clusterCIDR")),
                root.get("detectLocal").get("bridgeInterface").text(""),
                root.get("detectLocal").get("interfaceNamePrefix").text(""),
                nodePortAddresses(),
                masqueradeAll(),
                gates.get(USED_GATE).truth(true),
                root.get("hostnameOverride").text(""),
                bindAddress(),
                scheduler(),
                conntrack(root.get("conntrack")),
                serverAddress("healthzBindAddress", HEALTHZ_PORT),
                serverAddress("metricsBindAddress", ProxyConfig.METRICS_PORT),
                root.get("bindAddressHardFail").truth(false),
                syncPeriodSeconds());
    }

    private void mode() {
        Field mode = root.get("mode");
        String nftables = "is not what you get: this acts as the nftables mode does, so other ports of a ClusterIP are"
                + " rejected, unallocated addresses of a ServiceCIDR dropped, and NodePorts open on the primary addresses"
                + " only unless nodePortAddresses says more";
        switch (mode.text("")) {
            case "nftables" -> {}
            case "" ->
                warnings.accept(mode.remark("is the iptables mode for kube-proxy, and " + nftables + NOT_ON_LOCALHOST));
            case "iptables" -> warnings.accept(mode.remark(nftables + NOT_ON_LOCALHOST));
            case "ipvs" ->
                warnings.accept(mode.remark(nftables + ", policy Local without an endpoint here drops, and"
                        + " session affinity is shared over a Service's addresses"));
            default -> mode.problem("nftables, iptables or ipvs");
        }
    }

    private String localMode() {
        Field field = root.get("detectLocalMode");
        String mode = field.text("");
        if (mode.isEmpty()) {
            return LOCAL_MODES.getFirst();
        }
        if (!LOCAL_MODES.contains(mode)) {
            field.problem("one of " + String.join(", ", LOCAL_MODES));
        }
        Field detectLocal = root.get("detectLocal");
        if (mode.equals("BridgeInterface")) {
            detectLocal.get("bridgeInterface").requiredText();
        } else if (mode.equals("InterfaceNamePrefix")) {
            detectLocal.get("interfaceNamePrefix").requiredText();
        }
        return mode;
    }

    /** Either mode's option is for ClusterIP traffic of this node. */
    private boolean masqueradeAll() {
        boolean nftables = root.get("nftables").get("masqueradeAll").truth(false);
        boolean iptables = root.get("iptables").get("masqueradeAll").truth(false);
        return nftables || iptables;
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

    private List<String> nodePortAddresses() {
        List<Field> entries = root.get("nodePortAddresses").elements();
        for (Field entry : entries) {
            if (!NodePortAddresses.isValid(entry.text(""))) {
                entry.problem("a CIDR, primary, all or localhost");
            } else if (entry.text("").equals(NodePortAddresses.LOCALHOST)) {
                warnings.accept(entry.remark("has no effect: NodePorts are not served on loopback"));
            }
        }
        return entries.stream().map(entry -> entry.text("")).toList();
    }

    private Optional<Address> bindAddress() {
        Field field = root.get("bindAddress");
        if (field.isEmpty()) {
            return Optional.empty();
        }
        Address address = field.parsed(Address::parseSloppy, "an IP address");
        boolean isUnspecified =
                address == null || address.equals(Address.parse("::")) || address.equals(Address.parse("0.0.0.0"));
        return isUnspecified ? Optional.empty() : Optional.of(address);
    }

    private Optional<BindAddress> serverAddress(String name, int port) {
        Field field = root.get(name);
        return field.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(
                        field.parsed(text -> BindAddress.parse(text, port), "an address such as 0.0.0.0:" + port));
    }

    private long syncPeriodSeconds() {
        long ofIptables = seconds(root.get("iptables").get("syncPeriod"), ProxyConfig.SYNC_PERIOD_DEFAULT_S);
        return seconds(root.get("nftables").get("syncPeriod"), ofIptables);
    }

    private Scheduler scheduler() {
        Field field = root.get("ipvs").get("scheduler");
        if (field.isEmpty()) {
            return Scheduler.RANDOM;
        }
        Optional<Scheduler> scheduler = ServiceTranslation.scheduler(field.text(""));
        if (scheduler.isEmpty()) {
            warnings.accept(
                    field.remark("is not known, random is used; known are " + ServiceTranslation.schedulerNames()));
        }
        return scheduler.orElse(Scheduler.RANDOM);
    }

    private ConntrackConfig conntrack(Field field) {
        ConntrackConfig defaults = ConntrackConfig.defaults();
        return new ConntrackConfig(
                entries(field, defaults.maxEntries()),
                field.get("tcpBeLiberal").truth(false),
                seconds(field.get("tcpEstablishedTimeout"), defaults.tcpEstablishedSeconds()),
                seconds(field.get("tcpCloseWaitTimeout"), defaults.tcpCloseWaitSeconds()),
                seconds(field.get("udpTimeout"), defaults.udpSeconds()),
                seconds(field.get("udpStreamTimeout"), defaults.udpStreamSeconds()));
    }

    private int entries(Field conntrack, int defaultEntries) {
        Field perCore = conntrack.get("maxPerCore");
        Field min = conntrack.get("min");
        if (perCore.isEmpty() && min.isEmpty()) {
            return defaultEntries;
        }
        long wantedPerCore = perCore.number(0, Integer.MAX_VALUE, MAX_PER_CORE);
        long wanted = Math.max(wantedPerCore * cores, min.number(0, Integer.MAX_VALUE, MIN_ENTRIES));
        if (wantedPerCore == 0 || wanted == 0) {
            return defaultEntries;
        }
        if (wanted > ENTRIES_LIMIT) {
            warnings.accept(
                    perCore.remark("and min ask for " + wanted + " connections, " + ENTRIES_LIMIT + " are had"));
        }
        return (int) Math.min(wanted, ENTRIES_LIMIT);
    }

    /** Reads a duration, rounded up to seconds; 0 leaves the default. */
    private static long seconds(Field field, long defaultSeconds) {
        String text = field.text("");
        if (text.isEmpty()) {
            return defaultSeconds;
        }
        OptionalLong ns = GoDuration.parse(text);
        if (ns.isEmpty()) {
            field.problem("a duration such as 1h0m0s");
        }
        return ns.orElse(0) > 0 ? Math.ceilDiv(ns.getAsLong(), 1_000_000_000L) : defaultSeconds;
    }
}
