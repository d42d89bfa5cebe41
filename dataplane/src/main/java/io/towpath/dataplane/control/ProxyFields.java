package io.towpath.dataplane.control;

import io.towpath.dataplane.model.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The fields of a KubeProxyConfiguration (kubernetes staging/src/k8s.io/kube-proxy/config/v1alpha1/types.go and the parts it takes from
 * component-base): which are used, which have no effect here and why, and what their defaults are. What has no effect is named where it is
 * set to something else than the default; what is unknown is named always.
 */
final class ProxyFields {
    private static final Set<String> SECTIONS = Set.of(
            "detectLocal", "iptables", "ipvs", "nftables", "conntrack", "winkernel", "clientConnection", "logging");

    private static final Set<String> USED = Set.of(
            "apiVersion",
            "kind",
            "metadata",
            "mode",
            "hostnameOverride",
            "bindAddress",
            "clusterCIDR",
            "detectLocalMode",
            "detectLocal.bridgeInterface",
            "detectLocal.interfaceNamePrefix",
            "nodePortAddresses",
            "iptables.masqueradeAll",
            "nftables.masqueradeAll",
            "iptables.syncPeriod",
            "nftables.syncPeriod",
            "healthzBindAddress",
            "metricsBindAddress",
            "bindAddressHardFail",
            "ipvs.scheduler",
            "featureGates",
            "conntrack.maxPerCore",
            "conntrack.min",
            "conntrack.tcpEstablishedTimeout",
            "conntrack.tcpCloseWaitTimeout",
            "conntrack.tcpBeLiberal",
            "conntrack.udpTimeout",
            "conntrack.udpStreamTimeout");

    private static final Map<String, Idle> IDLE = new HashMap<>();

    /** A field without effect. */
    private record Idle(String reason, List<String> defaults) {}

    static {
        idle("no packet carries a mark in here", "14", "iptables.masqueradeBit", "nftables.masqueradeBit");
        idle("changes are applied at once", "30s", "ipvs.syncPeriod");
        idle("changes are applied at once", "1s", "iptables.minSyncPeriod", "nftables.minSyncPeriod");
        idle("changes are applied at once", "0s", "ipvs.minSyncPeriod");
        idle("changes are applied at once", "15m", "configSyncPeriod");
        idle("", "", "iptables.snatNodeInternalIP");
        idle("there is no IPVS table to keep apart", "", "ipvs.excludeCIDRs");
        idle("the VIPs are on no interface of the kernel", "", "ipvs.strictARP");
        String timeouts = "time-outs are those of conntrack";
        idle(timeouts, "", "ipvs.tcpTimeout", "ipvs.tcpFinTimeout", "ipvs.udpTimeout");
        idle("it is for Windows", "", "windowsRunAsService", "winkernel.networkName", "winkernel.sourceVip");
        idle("it is for Windows", "", "winkernel.enableDSR", "winkernel.rootHnsEndpointName");
        idle("it is for Windows", "", "winkernel.forwardHealthCheckVip");
        idle("", "", "enableProfiling", "showHiddenMetricsForVersion");
        idle("the score is the starter's to set", "-999", "oomScoreAdj");
        idle("kube-proxy ignores it too", "", "portRange");
        idle("", "", "clientConnection.kubeconfig", "clientConnection.acceptContentTypes");
        idle("", "application/vnd.kubernetes.protobuf", "clientConnection.contentType");
        idle("", "5", "clientConnection.qps");
        idle("", "10", "clientConnection.burst");
        String logs = "log lines go to stderr as text";
        idle(logs, "text", "logging.format");
        idle(logs, "5s", "logging.flushFrequency");
        idle(logs, "", "logging.verbosity", "logging.vmodule", "logging.sanitization");
        IDLE.put("iptables.localhostNodePorts", new Idle("NodePorts are not served on loopback", List.of("true")));
    }

    private final Consumer<String> warnings;

    private ProxyFields(Consumer<String> warnings) {
        this.warnings = warnings;
    }

    private static void idle(String reason, String defaultText, String... names) {
        for (String name : names) {
            IDLE.put(name, new Idle(reason, List.of(defaultText)));
        }
    }

    /** Names what has no effect and what is unknown. */
    static void check(Field root, Consumer<String> warnings) {
        new ProxyFields(warnings).check(root, "");
    }

    private void check(Field section, String prefix) {
        for (String name : section.names()) {
            String path = prefix + name;
            Field field = section.get(name);
            Idle idle = IDLE.get(path);
            if (SECTIONS.contains(path)) {
                check(field, path + ".");
            } else if (idle != null) {
                checkDefault(field, idle);
            } else if (!USED.contains(path) && !path.equals("logging.options")) {
                warnings.accept(field.remark("is unknown and has no effect"));
            }
        }
    }

    private void checkDefault(Field field, Idle idle) {
        boolean isDefault = field.isEmpty()
                || field.isScalar()
                        && (isZero(field.text("")) || idle.defaults().stream().anyMatch(text -> isSame(text, field)));
        if (!isDefault) {
            warnings.accept(field.remark("has no effect" + (idle.reason().isEmpty() ? "" : ": " + idle.reason())));
        }
    }

    private static boolean isZero(String text) {
        return text.equals("false") || GoDuration.parse(text).orElse(1) == 0;
    }

    private static boolean isSame(String defaultText, Field field) {
        String text = field.text("");
        return text.equals(defaultText)
                || GoDuration.parse(text).isPresent() && GoDuration.parse(text).equals(GoDuration.parse(defaultText));
    }
}
