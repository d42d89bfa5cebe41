package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns one Service and its slices into service ports: kube-proxy's rules, those of its nftables mode where modes differ. Other Services
 * are not looked at, so an address in the result may turn out to be another one's.
 */
final class ServiceTranslation {
    static final String SCHEDULER_ANNOTATION = "towpath.io/scheduler";

    private static final int AFFINITY_DEFAULT_S = 10_800;
    private static final int AFFINITY_MAX_S = 86_400;

    private final Service service;
    private final Collection<SliceEndpoints> slices;
    private final LocalNode node;
    private final ServiceWarnings warnings;
    private final ServiceAddresses addresses;
    private final Map<Claims.Claim, Integer> claimedBy = new HashMap<>();

    /** A port of the Service that can be used; {@code index} in spec.ports, {@code nodePort} is 0 where there is none. */
    private record UsablePort(int index, ServicePortName name, int number, int nodePort) {
        String field(String name) {
            return "spec.ports[" + index + "]." + name;
        }
    }

    /** @param warnings what is left out and why, each line with object and field */
    record Result(List<ServicePort> ports, Collection<String> warnings) {}

    private ServiceTranslation(Service service, Collection<SliceEndpoints> slices, LocalNode node) {
        this.service = service;
        this.slices = slices;
        this.node = node;
        this.warnings = new ServiceWarnings(service.key());
        this.addresses = new ServiceAddresses(service, warnings);
    }

    static Result of(Service service, Collection<SliceEndpoints> slices, LocalNode node, Scheduler defaultScheduler) {
        if (!service.isProxied()) {
            return new Result(List.of(), List.of());
        }
        ServiceTranslation translation = new ServiceTranslation(service, slices, node);
        List<ServicePort> ports = translation.servicePorts(defaultScheduler);
        Set<String> lines = translation.warnings.lines();
        slices.forEach(slice -> lines.addAll(slice.warnings()));
        return new Result(ports, lines);
    }

    private List<ServicePort> servicePorts(Scheduler defaultScheduler) {
        checkEnums();
        Scheduler scheduler = scheduler(defaultScheduler);
        Weights weights = Weights.parse(
                service.annotations().getOrDefault(Weights.ANNOTATION, ""),
                problem -> warnings.add(annotation(Weights.ANNOTATION), problem));
        int affinitySeconds = affinitySeconds();
        List<UsablePort> usable = usablePorts();
        List<ServicePort> ports = new ArrayList<>();
        for (boolean ipv6 : new boolean[] {false, true}) {
            if (addresses.clusterIp(ipv6) == null) {
                continue; // nothing of the service exists in the family
            }
            for (UsablePort port : usable) {
                ServicePortName name = port.name();
                EndpointSelection backends =
                        EndpointSelection.of(slices, name.port(), name.protocol(), ipv6, node, weights);
                ports.add(new ServicePort(
                        name,
                        ipv6,
                        vips(port, ipv6),
                        backends.cluster(),
                        backends.local(),
                        scheduler,
                        backends.weights(),
                        affinitySeconds,
                        name.protocol() == Protocol.UDP ? backends.serving() : List.of()));
            }
        }
        return List.copyOf(ports);
    }

    private static String annotation(String name) {
        return "metadata.annotations[" + name + "]";
    }

    /** An unknown value, perhaps of a newer API, is as if the field were absent. */
    private void checkEnums() {
        check("spec.type", service.type(), List.of("ClusterIP", "NodePort", "LoadBalancer"));
        check("spec.sessionAffinity", service.sessionAffinity(), List.of("None", "ClientIP"));
        check("spec.internalTrafficPolicy", service.internalTrafficPolicy(), List.of("Cluster", "Local"));
        check("spec.externalTrafficPolicy", service.externalTrafficPolicy(), List.of("Cluster", "Local"));
    }

    private void check(String field, String value, List<String> known) {
        if (!known.contains(value)) {
            warnings.add(field, "unknown \"" + value + "\", taken as " + known.getFirst());
        }
    }

    private Scheduler scheduler(Scheduler defaultScheduler) {
        String name = service.annotations().get(SCHEDULER_ANNOTATION);
        if (name == null) {
            return defaultScheduler;
        }
        return scheduler(name).orElseGet(() -> {
            warnings.add(
                    annotation(SCHEDULER_ANNOTATION),
                    "unknown scheduler \"" + name + "\", " + name(defaultScheduler) + " is used; known are "
                            + schedulerNames());
            return defaultScheduler;
        });
    }

    /** Returns the scheduler of an IPVS name, empty where there is none. */
    static Optional<Scheduler> scheduler(String name) {
        return Arrays.stream(Scheduler.values())
                .filter(scheduler -> name(scheduler).equals(name))
                .findFirst();
    }

    static String name(Scheduler scheduler) {
        return scheduler.name().toLowerCase(Locale.ROOT);
    }

    static String schedulerNames() {
        return String.join(
                ", ",
                Arrays.stream(Scheduler.values()).map(ServiceTranslation::name).toList());
    }

    private int affinitySeconds() {
        if (!service.sessionAffinity().equals("ClientIP")) {
            return 0;
        }
        int seconds = service.affinitySeconds();
        if (seconds >= 1 && seconds <= AFFINITY_MAX_S) {
            return seconds;
        }
        warnings.add(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                seconds + " is not 1.." + AFFINITY_MAX_S + ", taken as " + AFFINITY_DEFAULT_S);
        return AFFINITY_DEFAULT_S;
    }

    private List<UsablePort> usablePorts() {
        List<UsablePort> usable = new ArrayList<>();
        Set<ServicePortName> names = new HashSet<>();
        for (int i = 0; i < service.ports().size(); i++) {
            Port port = service.ports().get(i);
            String field = "spec.ports[" + i + "].";
            Protocol protocol = SliceEndpoints.protocol(port.protocol());
            if (protocol == null) {
                warnings.add(field + "protocol", "unknown \"" + port.protocol() + "\", the port is left out");
                continue;
            }
            if (!isPort(port.port())) {
                warnings.add(field + "port", port.port() + " is no port, it is left out");
                continue;
            }
            ServicePortName name = new ServicePortName(service.namespace(), service.name(), port.name(), protocol);
            if (!names.add(name)) {
                warnings.add(field + "name", "\"" + port.name() + "\" is an earlier port's, this one is left out");
                continue;
            }
            boolean hasBadNodePort = port.nodePort() != 0 && !isPort(port.nodePort());
            if (hasBadNodePort) {
                warnings.add(field + "nodePort", port.nodePort() + " is no port, it is left out");
            }
            usable.add(new UsablePort(i, name, port.port(), hasBadNodePort ? 0 : port.nodePort()));
        }
        return usable;
    }

    private static boolean isPort(int number) {
        return number >= 1 && number <= 65535;
    }

    private List<Vip> vips(UsablePort port, boolean ipv6) {
        boolean local = service.externalLocal();
        List<Vip> vips = new ArrayList<>();
        Address clusterIp = addresses.clusterIp(ipv6);
        add(
                vips,
                port,
                "port",
                new Vip(VipKind.CLUSTER_IP, clusterIp, port.number(), service.internalLocal(), List.of()));
        List<Prefix> ranges = addresses.sourceRanges(ipv6, node.addresses());
        for (Address address : addresses.ingress(ipv6)) { // before the externalIPs, which have no ranges
            add(vips, port, "port", new Vip(VipKind.LOAD_BALANCER, address, port.number(), local, ranges));
        }
        for (Address address : addresses.externalIps(ipv6)) {
            add(vips, port, "port", new Vip(VipKind.EXTERNAL_IP, address, port.number(), local, List.of()));
        }
        if (port.nodePort() > 0) {
            for (Address address : node.nodePortAddresses()) {
                if (address.isIpv6() == ipv6) {
                    add(vips, port, "nodePort", new Vip(VipKind.NODE_PORT, address, port.nodePort(), local, List.of()));
                }
            }
        }
        return vips;
    }

    /** Adds an address unless the Service has it already. */
    private void add(List<Vip> vips, UsablePort port, String field, Vip vip) {
        Integer first = claimedBy.putIfAbsent(Claims.Claim.of(vip, port.name().protocol()), port.index());
        if (first == null) {
            vips.add(vip);
        } else if (first != port.index()) {
            warnings.add(
                    port.field(field),
                    vip.port() + "/" + port.name().protocol() + " is spec.ports[" + first + "]'s, it is left out");
        }
    }
}
