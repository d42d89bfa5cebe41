package io.towpath.dataplane.control;

import io.towpath.nat.Scheduler;
import java.util.List;
import java.util.Optional;

/** A configuration that differs from the default in one or two things. */
public final class ProxyConfigBuilder {
    private final ProxyConfig defaults = ProxyConfig.defaults();
    private Scheduler scheduler = defaults.scheduler();
    private boolean topologyHints = defaults.topologyHints();
    private List<String> nodePortAddresses = List.of();
    private Optional<BindAddress> healthzBindAddress = defaults.healthzBindAddress();
    private Optional<BindAddress> metricsBindAddress = defaults.metricsBindAddress();
    private boolean bindAddressHardFail;

    ProxyConfigBuilder scheduler(Scheduler other) {
        scheduler = other;
        return this;
    }

    ProxyConfigBuilder withoutNodeHints() {
        topologyHints = false;
        return this;
    }

    ProxyConfigBuilder nodePortAddresses(String... entries) {
        nodePortAddresses = List.of(entries);
        return this;
    }

    public ProxyConfigBuilder healthzBindAddress(BindAddress address) {
        healthzBindAddress = Optional.of(address);
        return this;
    }

    public ProxyConfigBuilder metricsBindAddress(BindAddress address) {
        metricsBindAddress = Optional.of(address);
        return this;
    }

    public ProxyConfigBuilder bindAddressHardFail() {
        bindAddressHardFail = true;
        return this;
    }

    public ProxyConfig build() {
        return new ProxyConfig(
                defaults.detectLocalMode(),
                defaults.clusterCidrs(),
                "",
                "",
                nodePortAddresses,
                false,
                topologyHints,
                "",
                defaults.bindAddress(),
                scheduler,
                defaults.conntrack(),
                healthzBindAddress,
                metricsBindAddress,
                bindAddressHardFail,
                defaults.syncPeriodSeconds());
    }
}
