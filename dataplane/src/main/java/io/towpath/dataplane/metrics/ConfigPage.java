package io.towpath.dataplane.metrics;

import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.control.BindAddress;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The body of /configz: the fields of a KubeProxyConfiguration that have an effect, with the values that are in force. */
final class ConfigPage {
    /** The mode that Towpath acts as, whatever the configuration asks for. */
    static final String MODE = "nftables";

    private ConfigPage() {}

    static Map<String, Object> of(ProxyConfig config) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("apiVersion", "kubeproxy.config.k8s.io/v1alpha1");
        fields.put("kind", "KubeProxyConfiguration");
        fields.put("mode", MODE);
        fields.put("hostnameOverride", config.hostnameOverride());
        fields.put("bindAddress", config.bindAddress().map(Address::toString).orElse(""));
        fields.put("bindAddressHardFail", config.bindAddressHardFail());
        fields.put(
                "healthzBindAddress",
                config.healthzBindAddress().map(BindAddress::toString).orElse(""));
        fields.put(
                "metricsBindAddress",
                config.metricsBindAddress().map(BindAddress::toString).orElse(""));
        fields.put(
                "clusterCIDR",
                config.clusterCidrs().stream().map(Prefix::toString).collect(Collectors.joining(",")));
        fields.put("detectLocalMode", config.detectLocalMode());
        fields.put(
                "detectLocal",
                Map.of(
                        "bridgeInterface", config.bridgeInterface(),
                        "interfaceNamePrefix", config.interfaceNamePrefix()));
        fields.put("nodePortAddresses", config.nodePortAddresses());
        fields.put(
                MODE, Map.of("masqueradeAll", config.masqueradeAll(), "syncPeriod", config.syncPeriodSeconds() + "s"));
        fields.put("ipvs", Map.of("scheduler", config.scheduler().name().toLowerCase(Locale.ROOT)));
        fields.put("conntrack", conntrack(config.conntrack()));
        fields.put("featureGates", Map.of("PreferSameTrafficDistribution", config.topologyHints()));
        return Map.of("kubeproxy.config.k8s.io", fields);
    }

    private static Map<String, Object> conntrack(ConntrackConfig config) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("min", config.maxEntries());
        fields.put("tcpBeLiberal", config.tcpLiberal());
        fields.put("tcpEstablishedTimeout", config.tcpEstablishedSeconds() + "s");
        fields.put("tcpCloseWaitTimeout", config.tcpCloseWaitSeconds() + "s");
        fields.put("udpTimeout", config.udpSeconds() + "s");
        fields.put("udpStreamTimeout", config.udpStreamSeconds() + "s");
        return fields;
    }
}
