package io.towpath.dataplane.control;

import io.towpath.nat.Scheduler;
import java.util.List;

/** A configuration that differs from the default in one or two things. */
final class ProxyConfigBuilder {
    private final ProxyConfig defaults = ProxyConfig.defaults();
    private Scheduler scheduler = defaults.scheduler();
    private boolean topologyHints = defaults.topologyHints();
    private List<String> nodePortAddresses = List.of();

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

    ProxyConfig build() {
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
                defaults.healthzBindAddress(),
                defaults.syncPeriodSeconds());
    }
}
