package io.towpath.dataplane.control;

import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Scheduler;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What Towpath takes from a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1).
 *
 * @param detectLocalMode ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix
 * @param nodePortAddresses CIDRs and the keywords primary, all and localhost; empty means the primary addresses
 * @param hostnameOverride node name, empty where unset
 * @param bindAddress the node's primary address of its family, where it is to be another one than the Node object's first
 * @param scheduler of Services that ask for none
 * @param healthzBindAddress where /healthz and /livez are served
 * @param metricsBindAddress where /metrics, /proxyMode and /configz are served, where it is said
 * @param bindAddressHardFail neither of them can be missing
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
        Optional<Address> bindAddress,
        Scheduler scheduler,
        ConntrackConfig conntrack,
        Optional<BindAddress> healthzBindAddress,
        Optional<BindAddress> metricsBindAddress,
        boolean bindAddressHardFail,
        long syncPeriodSeconds) {
    static final long SYNC_PERIOD_DEFAULT_S = 30;

    static final int METRICS_PORT = 10_249;
    private static final BindAddress METRICS_DEFAULT = new BindAddress(Address.parse("127.0.0.1"), METRICS_PORT);

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
                Optional.empty(),
                Scheduler.RANDOM,
                ConntrackConfig.defaults(),
                Optional.empty(),
                Optional.empty(),
                false,
                SYNC_PERIOD_DEFAULT_S);
    }

    /**
     * Reads a file: a KubeProxyConfiguration, or a ConfigMap that has one under config.conf or another key.
     *
     * @param warnings gets a line for each field that has no effect or is unknown
     * @throws ManifestException with every problem of the file
     */
    public static ProxyConfig read(Path file, List<String> warnings) throws ManifestException {
        return ProxyConfigReader.read(file, Runtime.getRuntime().availableProcessors(), warnings::add);
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
                bindAddress,
                scheduler,
                conntrack,
                healthzBindAddress,
                metricsBindAddress,
                bindAddressHardFail,
                syncPeriodSeconds);
    }

    /** Returns the same for a node's only proxy: where no metricsBindAddress is said it is kube-proxy's. */
    public ProxyConfig ofNode() {
        return new ProxyConfig(
                detectLocalMode,
                clusterCidrs,
                bridgeInterface,
                interfaceNamePrefix,
                nodePortAddresses,
                masqueradeAll,
                topologyHints,
                hostnameOverride,
                bindAddress,
                scheduler,
                conntrack,
                healthzBindAddress,
                Optional.of(metricsBindAddress.orElse(METRICS_DEFAULT)),
                bindAddressHardFail,
                syncPeriodSeconds);
    }

    /** Returns the same for a node of another name. */
    public ProxyConfig withHostname(String hostname) {
        return new ProxyConfig(
                detectLocalMode,
                clusterCidrs,
                bridgeInterface,
                interfaceNamePrefix,
                nodePortAddresses,
                masqueradeAll,
                topologyHints,
                hostname,
                bindAddress,
                scheduler,
                conntrack,
                healthzBindAddress,
                metricsBindAddress,
                bindAddressHardFail,
                syncPeriodSeconds);
    }

    /** Returns the name of the Node object that is this node. */
    public String nodeName(String hostName) {
        return (hostnameOverride.isEmpty() ? hostName : hostnameOverride)
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /** Returns whether local pods cannot be told without the pod CIDRs of the own Node. */
    public boolean needsPodCidrs() {
        return detectLocalMode.equals("NodeCIDR");
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
        return prefixes.isEmpty() ? new LocalDetector.None() : new LocalDetector.BySource(prefixes);
    }
}
