package io.towpath.dataplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.DesiredChange;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class SteeredDestinationsTest {
    private static final Address HOST = Address.parse("192.0.2.1");

    private final SteeredDestinations addresses =
            new SteeredDestinations(List.of(Prefix.parse("10.96.0.0/12")), HOST::equals);

    @Test
    void shouldSteerServiceCidrsAsAWhole() {
        assertFalse(addresses.onChange(change(port("web", vip(VipKind.CLUSTER_IP, "10.96.0.10")))));

        assertEquals(Set.of("10.96.0.0/12"), destinations());
    }

    @Test
    void shouldSteerAddressesOutsideOneByOneAsLongAsAServicePortHasThem() {
        Vip balancer = vip(VipKind.LOAD_BALANCER, "203.0.113.1");
        assertTrue(addresses.onChange(change(port("a", balancer), port("b", balancer))));
        assertEquals(Set.of("10.96.0.0/12", "203.0.113.1/32"), destinations());

        addresses.onChange(removal("a"));
        assertEquals(Set.of("10.96.0.0/12", "203.0.113.1/32"), destinations());

        assertTrue(addresses.onChange(removal("b")));
        assertEquals(Set.of("10.96.0.0/12"), destinations());
    }

    @Test
    void shouldNotCallForAnythingWhenAServicePortKeepsItsAddresses() {
        Vip balancer = vip(VipKind.LOAD_BALANCER, "203.0.113.1");
        addresses.onChange(change(port("a", balancer)));

        assertFalse(addresses.onChange(change(port("a", balancer))));
        assertFalse(addresses.onChange(removal("unknown")));
    }

    @Test
    void shouldSteerOnlyTheServicesPortOfTheHostsOwnAddress() {
        addresses.onChange(change(port("a", vip(VipKind.EXTERNAL_IP, "192.0.2.1"))));

        assertEquals(Set.of("10.96.0.0/12"), destinations());
        assertEquals(Set.of(new SteeringTable.LocalVip(true, "192.0.2.1", 6, 80)), addresses.localVips());
    }

    @Test
    void shouldLeaveNodePortsToTheirRange() {
        addresses.onChange(change(port("a", vip(VipKind.NODE_PORT, "192.0.2.1"))));

        assertEquals(Set.of(), addresses.localVips());
    }

    @Test
    void shouldTakeServiceCidrsOfTheCluster() {
        NodeFacts facts =
                new NodeFacts(List.of(Prefix.parse("fd96::/108")), List.of(), new LocalDetector.None(), false);
        addresses.onChange(change(port("a", vip(VipKind.CLUSTER_IP, "fd96::10"))));
        assertEquals(Set.of("10.96.0.0/12", "fd96::10/128"), destinations());

        assertTrue(addresses.onChange(new DesiredChange(List.of(), List.of(), Optional.of(facts))));

        assertEquals(Set.of("10.96.0.0/12", "fd96::/108"), destinations());
    }

    private Set<String> destinations() {
        return addresses.destinations().stream().map(Prefix::toString).collect(Collectors.toSet());
    }

    private static Vip vip(VipKind kind, String address) {
        return new Vip(kind, Address.parse(address), 80, false, List.of());
    }

    private static ServicePort port(String name, Vip... vips) {
        return new ServicePort(
                new ServicePortName("ns", name, "", Protocol.TCP),
                false,
                List.of(vips),
                List.of(),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }

    private static DesiredChange change(ServicePort... ports) {
        return new DesiredChange(Arrays.asList(ports), List.of(), Optional.empty());
    }

    private static DesiredChange removal(String name) {
        return new DesiredChange(List.of(), List.of(port(name).key()), Optional.empty());
    }
}
