package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Ingress;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The addresses of a Service, parsed and sorted by family (pkg/proxy/serviceport.go). A family without a ClusterIP has nothing: what else is
 * there of it is named and left out.
 */
final class ServiceAddresses {
    private final ServiceWarnings warnings;
    private final List<Address> clusterIps = new ArrayList<>();
    private final List<Address> externalIps;
    private final List<Address> ingress = new ArrayList<>();
    private final List<Prefix> sourceRanges;

    ServiceAddresses(Service service, ServiceWarnings warnings) {
        this.warnings = warnings;
        List<Address> all = parse("spec.clusterIPs", service.clusterIps(), Address::parseSloppy, address -> true);
        for (Address address : all) {
            if (clusterIp(address.isIpv6()) == null) {
                clusterIps.add(address);
            } else {
                warnings.add("spec.clusterIPs", address + " is the second one of its family, it is left out");
            }
        }
        externalIps = parse("spec.externalIPs", service.externalIps(), Address::parseSloppy, this::isOfFamily);
        service.ingress().forEach(this::addIngress);
        List<String> ranges = service.sourceRanges().stream().map(String::strip).toList();
        sourceRanges = parse(
                "spec.loadBalancerSourceRanges", ranges, Prefix::parse, range -> clusterIp(!range.isIpv4()) != null);
    }

    private boolean isOfFamily(Address address) {
        return clusterIp(address.isIpv6()) != null;
    }

    private void addIngress(Ingress entry) {
        String field = "status.loadBalancer.ingress";
        if (entry.ip().isEmpty()) {
            warnings.add(field, "an entry has no ip, it is left out");
        } else if (entry.ipMode().equals("VIP")) {
            ingress.addAll(parse(field, List.of(entry.ip()), Address::parseSloppy, this::isOfFamily));
        } else if (!entry.ipMode().equals("Proxy")) {
            warnings.add(field, "unknown ipMode \"" + entry.ipMode() + "\", " + entry.ip() + " is left out");
        }
    }

    private <T> List<T> parse(
            String field, List<String> texts, Function<String, T> parser, Function<T, Boolean> isOfFamily) {
        List<T> parsed = new ArrayList<>();
        for (String text : texts) {
            try {
                T value = parser.apply(text);
                if (isOfFamily.apply(value)) {
                    parsed.add(value);
                } else {
                    warnings.add(field, text + " is of a family that the Service has no ClusterIP of, it is left out");
                }
            } catch (IllegalArgumentException e) {
                warnings.add(field, e.getMessage() + ", it is left out");
            }
        }
        return parsed;
    }

    /** Returns the ClusterIP of a family, null where it has none. */
    Address clusterIp(boolean ipv6) {
        return clusterIps.stream()
                .filter(address -> address.isIpv6() == ipv6)
                .findFirst()
                .orElse(null);
    }

    List<Address> externalIps(boolean ipv6) {
        return externalIps.stream().filter(address -> address.isIpv6() == ipv6).toList();
    }

    List<Address> ingress(boolean ipv6) {
        return ingress.stream().filter(address -> address.isIpv6() == ipv6).toList();
    }

    /** Ranges that may reach the ingress addresses. If one holds the node's primary address, those addresses may be sources too. */
    List<Prefix> sourceRanges(boolean ipv6, List<Address> nodeAddresses) {
        List<Prefix> ranges = new ArrayList<>(
                sourceRanges.stream().filter(range -> range.isIpv4() != ipv6).toList());
        Address primary = nodeAddresses.stream()
                .filter(address -> address.isIpv6() == ipv6)
                .findFirst()
                .orElse(null);
        if (primary != null && ranges.stream().anyMatch(range -> range.contains(primary))) {
            ingress(ipv6).forEach(address -> ranges.add(Prefix.host(address)));
        }
        return ranges;
    }
}
