package io.towpath.dataplane.node;

import io.towpath.nat.DesiredChange;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.ServicePort;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which destinations are to be steered to the engine: the service CIDRs as a whole, addresses of Services outside of them one by one, and
 * where such an address is the host's own, only the Service's ports of it. NodePorts are steered by their range. Owner: one thread at a time.
 */
final class SteeredDestinations {
    private final List<Prefix> configured;
    private final Predicate<Address> isHosts;
    private final Map<ServicePort.Key, List<Vip>> vips = new HashMap<>();
    private List<Prefix> cidrs = List.of();

    /** @param isHosts whether an address is one of the host's own */
    SteeredDestinations(List<Prefix> configured, Predicate<Address> isHosts) {
        this.configured = configured;
        this.isHosts = isHosts;
    }

    /** Takes over a change; returns whether it may concern what is steered. */
    boolean onChange(DesiredChange change) {
        boolean concerns = change.nodeFacts().isPresent();
        change.nodeFacts().map(NodeFacts::serviceCidrs).ifPresent(found -> cidrs = found);
        for (ServicePort port : change.changed()) {
            List<Vip> outside = port.vips().stream().filter(this::isOneByOne).toList();
            List<Vip> old = outside.isEmpty() ? vips.remove(port.key()) : vips.put(port.key(), outside);
            concerns |= !outside.equals(old == null ? List.of() : old);
        }
        for (ServicePort.Key key : change.removed()) {
            concerns |= vips.remove(key) != null;
        }
        return concerns;
    }

    private boolean isOneByOne(Vip vip) {
        return vip.kind() != VipKind.NODE_PORT && configured.stream().noneMatch(cidr -> cidr.contains(vip.address()));
    }

    /** Returns what routes are needed to. */
    Set<Prefix> destinations() {
        Set<Prefix> destinations = new HashSet<>(configured);
        destinations.addAll(cidrs);
        for (List<Vip> ofPort : vips.values()) {
            for (Vip vip : ofPort) {
                boolean isCovered = cidrs.stream().anyMatch(cidr -> cidr.contains(vip.address()));
                if (!isCovered && !isHosts.test(vip.address())) {
                    destinations.add(Prefix.host(vip.address()));
                }
            }
        }
        return destinations;
    }

    /** Returns Services' addresses and ports that no route can lead to the engine, as the host has the address. */
    Set<SteeringTable.LocalVip> localVips() {
        return vips.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream()
                        .filter(vip -> isHosts.test(vip.address()))
                        .map(vip -> new SteeringTable.LocalVip(
                                vip.address().isIpv4(),
                                vip.address().toString(),
                                entry.getKey().name().protocol().number(),
                                vip.port())))
                .collect(Collectors.toSet());
    }
}
