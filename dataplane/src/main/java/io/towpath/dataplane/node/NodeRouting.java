package io.towpath.dataplane.node;

import io.towpath.linux.LinuxException;
import io.towpath.nat.DesiredChange;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Steers what concerns Services to the engine's TAP, and keeps that in step with the Services. What it sets up stays when the engine ends, so
 * that a restart finds it and no packet takes another way meanwhile; {@link #remove} takes everything away. Any thread; control side only.
 */
public final class NodeRouting {
    private static final long RETRY_NS = 1_000_000_000L;

    private final NodeTap device;
    private final Sysctls sysctls;
    private final ServiceRoutes routes;
    private final SteeringTable steering;
    private final PolicyRules rules;
    private final ForwardPolicies forwardPolicies;
    private final ForeignRules foreign;
    private final SteeredDestinations addresses;
    private final Consumer<String> log;
    private boolean isActive;
    private boolean isStale;
    private boolean isDeviceBare;
    private long retryAtNs;

    /**
     * @param nodeAddresses the first of each family is the primary one
     * @param clusterCidrs where pods are
     * @param saved file for settings of the kernel as they were
     */
    public NodeRouting(
            NodeConfig config,
            List<Address> nodeAddresses,
            List<Prefix> clusterCidrs,
            Path saved,
            Consumer<String> log) {
        boolean ipv4 = nodeAddresses.stream().anyMatch(Address::isIpv4);
        boolean ipv6 = nodeAddresses.stream().anyMatch(Address::isIpv6);
        this.log = log;
        device = new NodeTap(config.tap());
        sysctls = new Sysctls(config, ipv6, saved);
        routes = new ServiceRoutes(config, nodeAddresses);
        steering = new SteeringTable(config);
        rules = new PolicyRules(config.tap(), ipv4, ipv6);
        forwardPolicies = new ForwardPolicies(config.tap());
        foreign = new ForeignRules(config, clusterCidrs);
        addresses = new SteeredDestinations(config.serviceCidrs(), address -> NodeHost.own(config.tap()).stream()
                .anyMatch(own -> own.address().equals(address)));
        routes.destinations(addresses.destinations());
    }

    /** In this order a packet is steered only once its way is there; taken away in the other one. */
    private List<Part> parts() {
        return List.of(device, sysctls, routes, forwardPolicies, steering, rules);
    }

    /**
     * Sets everything up; the device must be there.
     *
     * @throws LinuxException if a part cannot be set up; then all are taken away again
     */
    public synchronized void start() {
        try {
            applyAll();
            isActive = true;
        } catch (LinuxException e) {
            try {
                remove();
            } catch (LinuxException alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw e;
        }
    }

    private void applyAll() {
        routes.destinations(addresses.destinations());
        steering.localVips(addresses.localVips());
        parts().forEach(Part::apply);
    }

    /** Takes over a change of the Services. */
    public synchronized void onChange(DesiredChange change) {
        if (addresses.onChange(change) && isActive) {
            refresh();
        }
    }

    /** The device was made anew, and lacks all that was set up on it. */
    public synchronized void onDevice() {
        isDeviceBare = true;
        refresh();
    }

    /** Tries again what failed. Returns how much it did. */
    public synchronized int update(long nowNs) {
        if (!isStale || nowNs - retryAtNs < 0) {
            return 0;
        }
        retryAtNs = nowNs + RETRY_NS;
        refresh();
        return 1;
    }

    private void refresh() {
        try {
            if (isDeviceBare) {
                applyAll();
                isDeviceBare = false;
            } else {
                routes.destinations(addresses.destinations());
                steering.localVips(addresses.localVips());
                routes.apply();
                steering.apply();
            }
            isStale = false;
        } catch (LinuxException e) {
            if (!isStale) {
                log.accept("warning: packets for Services are steered by an old state, until it can be set up: "
                        + e.getMessage());
            }
            isStale = true;
        }
    }

    /** Returns the state of everything, and what others have in the way. */
    public synchronized List<Finding> check() {
        List<Finding> findings = new ArrayList<>();
        parts().forEach(part -> findings.addAll(part.check()));
        findings.addAll(foreign.check());
        return findings;
    }

    /** Brings back what is missing; what hangs on the device only where that is there. */
    public synchronized void repair() {
        if (device.isPresent()) {
            parts().forEach(Part::apply);
        } else {
            forwardPolicies.apply();
            steering.apply();
            rules.apply();
        }
    }

    /** Removes every trace. */
    public synchronized void remove() {
        isActive = false;
        List<LinuxException> failures = new ArrayList<>();
        for (Part part : parts().reversed()) {
            try {
                part.remove();
            } catch (LinuxException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }
}
