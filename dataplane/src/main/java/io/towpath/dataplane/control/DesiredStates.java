package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import io.towpath.nat.DesiredState;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** Computes the desired state of the service maps from Kubernetes objects: kube-proxy's rules, those of its nftables mode where modes differ. */
public final class DesiredStates {
    private static final String SCHEDULER_ANNOTATION = "towpath.io/scheduler";

    private final ProxyConfig config;
    private final String nodeName;
    private final List<Address> ownAddresses;

    /**
     * @param nodeName host name of this node; the configuration's hostnameOverride goes before it
     * @param ownAddresses of this node where no Node object of its name is known; the first of each family is the primary one
     */
    public DesiredStates(ProxyConfig config, String nodeName, List<Address> ownAddresses) {
        this.config = config;
        this.nodeName = (config.hostnameOverride().isEmpty() ? nodeName : config.hostnameOverride())
                .strip()
                .toLowerCase(Locale.ROOT);
        this.ownAddresses = List.copyOf(ownAddresses);
    }

    /** Returns the name of this node as Node objects and endpoints have it. */
    public String nodeName() {
        return nodeName;
    }

    /** A desired state and what could not be taken over from the objects, one line each. */
    public record Result(DesiredState state, List<String> warnings) {}

    private record Claim(Address address, int port, Protocol protocol) {}

    public Result compute(Collection<ClusterObject> objects) {
        List<String> warnings = new ArrayList<>();
        Node node = objects.stream()
                .filter(Node.class::isInstance)
                .map(Node.class::cast)
                .filter(n -> n.name().equals(nodeName))
                .findFirst()
                .orElse(new Node(nodeName, List.of(), List.of(), "", List.of(), false));
        List<Address> addresses = node.addresses().isEmpty()
                ? ownAddresses
                : parse(node.addresses(), Address::parseSloppy, node.key(), warnings);
        List<Address> nodePorts = NodePortAddresses.choose(config.nodePortAddresses(), addresses);
        EndpointSelection.Location location =
                new EndpointSelection.Location(nodeName, node.zone(), config.topologyHints());

        List<ServicePort> servicePorts = new ArrayList<>();
        Map<Claim, ServicePortName> claims = new HashMap<>();
        for (ProxiedService proxied : ProxiedService.of(objects)) {
            for (ServicePort port :
                    servicePorts(proxied.service(), proxied.slices(), location, addresses, nodePorts, warnings)) {
                servicePorts.add(withoutTaken(port, claims, warnings));
            }
        }
        List<Prefix> podCidrs = parse(node.podCidrs(), Prefix::parse, node.key(), warnings);
        return new Result(
                new DesiredState(
                        servicePorts,
                        serviceCidrs(objects, warnings),
                        addresses,
                        config.localDetector(podCidrs),
                        config.masqueradeAll()),
                warnings);
    }

    private static List<Prefix> serviceCidrs(Collection<ClusterObject> objects, List<String> warnings) {
        List<Prefix> cidrs = new ArrayList<>();
        for (ClusterObject object : objects) {
            if (object instanceof ServiceCidr cidr) {
                cidrs.addAll(parse(cidr.cidrs(), Prefix::parse, cidr.key(), warnings));
            }
        }
        return cidrs.stream().distinct().toList();
    }

    private List<ServicePort> servicePorts(
            Service service,
            List<EndpointSlice> slices,
            EndpointSelection.Location location,
            List<Address> nodeAddresses,
            List<Address> nodePorts,
            List<String> warnings) {
        List<ServicePort> ports = new ArrayList<>();
        List<Address> clusterIps = parse(service.clusterIps(), Address::parseSloppy, service.key(), warnings);
        Scheduler scheduler = scheduler(service, warnings);
        for (boolean ipv6 : new boolean[] {false, true}) {
            Address clusterIp = clusterIps.stream()
                    .filter(a -> a.isIpv6() == ipv6)
                    .findFirst()
                    .orElse(null);
            if (clusterIp == null) {
                continue; // nothing of the service exists in the family, external addresses included
            }
            for (Port port : service.ports()) {
                ServicePortName name =
                        new ServicePortName(service.namespace(), service.name(), port.name(), port.protocol());
                EndpointSelection backends = EndpointSelection.of(slices, port, ipv6, location, warnings::add);
                ports.add(new ServicePort(
                        name,
                        ipv6,
                        vips(service, port, clusterIp, nodeAddresses, nodePorts, warnings),
                        backends.cluster(),
                        backends.local(),
                        scheduler,
                        Map.of(),
                        service.affinitySeconds(),
                        port.protocol() == Protocol.UDP ? backends.serving() : List.of()));
            }
        }
        return ports;
    }

    private static Scheduler scheduler(Service service, List<String> warnings) {
        String name = service.annotations().getOrDefault(SCHEDULER_ANNOTATION, "random");
        try {
            return Scheduler.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            warnings.add(service.key() + ": unknown scheduler " + name + " in annotation " + SCHEDULER_ANNOTATION
                    + ", random is used; known are random and mh");
            return Scheduler.RANDOM;
        }
    }

    private static List<Vip> vips(
            Service service,
            Port port,
            Address clusterIp,
            List<Address> nodeAddresses,
            List<Address> nodePorts,
            List<String> warnings) {
        boolean ipv6 = clusterIp.isIpv6();
        boolean local = service.externalLocal();
        List<Vip> vips = new ArrayList<>();
        vips.add(new Vip(VipKind.CLUSTER_IP, clusterIp, port.port(), service.internalLocal(), List.of()));
        for (Address address : ofFamily(service.externalIps(), ipv6, service, warnings)) {
            vips.add(new Vip(VipKind.EXTERNAL_IP, address, port.port(), local, List.of()));
        }
        List<String> ingress = service.ingress().stream()
                .filter(entry -> !entry.ip().isEmpty() && !entry.ipMode().equals("Proxy"))
                .map(ClusterObject.Ingress::ip)
                .toList();
        List<Address> balancers = ofFamily(ingress, ipv6, service, warnings);
        List<Prefix> ranges = sourceRanges(service, ipv6, balancers, nodeAddresses, warnings);
        for (Address address : balancers) {
            vips.add(new Vip(VipKind.LOAD_BALANCER, address, port.port(), local, ranges));
        }
        if (port.nodePort() > 0) {
            for (Address address : nodePorts) {
                if (address.isIpv6() == ipv6) {
                    vips.add(new Vip(VipKind.NODE_PORT, address, port.nodePort(), local, List.of()));
                }
            }
        }
        return vips;
    }

    private static List<Address> ofFamily(List<String> texts, boolean ipv6, Service service, List<String> warnings) {
        return parse(texts, Address::parseSloppy, service.key(), warnings).stream()
                .filter(a -> a.isIpv6() == ipv6)
                .toList();
    }

    /** If a range holds the node's primary address, the load balancer's own addresses may be sources too. */
    private static List<Prefix> sourceRanges(
            Service service,
            boolean ipv6,
            List<Address> balancers,
            List<Address> nodeAddresses,
            List<String> warnings) {
        List<String> texts = service.sourceRanges().stream().map(String::strip).toList();
        List<Prefix> ranges = new ArrayList<>(parse(texts, Prefix::parse, service.key(), warnings).stream()
                .filter(p -> p.isIpv4() != ipv6)
                .toList());
        Address primary = nodeAddresses.stream()
                .filter(a -> a.isIpv6() == ipv6)
                .findFirst()
                .orElse(null);
        if (primary != null && ranges.stream().anyMatch(range -> range.contains(primary))) {
            balancers.forEach(address -> ranges.add(Prefix.host(address)));
        }
        return ranges;
    }

    private static ServicePort withoutTaken(
            ServicePort port, Map<Claim, ServicePortName> claims, List<String> warnings) {
        List<Vip> free = new ArrayList<>();
        for (Vip vip : port.vips()) {
            Claim claim = new Claim(vip.address(), vip.port(), port.name().protocol());
            ServicePortName owner = claims.putIfAbsent(claim, port.name());
            if (owner == null) {
                free.add(vip);
            } else {
                warnings.add("Service " + port.name() + ": " + vip.address().withPort(vip.port())
                        + " belongs to Service " + owner + ", which is older");
            }
        }
        return port.withVips(free);
    }

    private static <T> List<T> parse(
            List<String> texts, Function<String, T> parser, ClusterObject.Key key, List<String> warnings) {
        return texts.stream()
                .map(text -> {
                    try {
                        return parser.apply(text);
                    } catch (IllegalArgumentException e) {
                        warnings.add(key + ": " + e.getMessage() + ", it is left out");
                        return null;
                    }
                })
                .filter(Objects::nonNull)
                .toList();
    }
}
