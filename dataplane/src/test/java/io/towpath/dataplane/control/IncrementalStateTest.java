package io.towpath.dataplane.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.DesiredState;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.ServicePort;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Following any sequence of events comes to the same as computing from the objects that are left, in any order. */
final class IncrementalStateTest {
    private static final int EVENTS = 1000;

    private final DesiredStates followed = newStates();
    private final Map<ClusterObject.Key, ClusterObject> objects = new HashMap<>();
    private final Map<ServicePort.Key, ServicePort> ports = new HashMap<>();
    private final TreeSet<String> said = new TreeSet<>();
    private NodeFacts facts;
    private Random random;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void shouldComeToTheSameAsComputingEverythingAnew(int seed) {
        random = new Random(seed);
        for (int event = 0; event < EVENTS; event++) {
            ClusterObject object = object();
            if (random.nextInt(3) == 0) {
                objects.remove(object.key());
                followed.delete(object.key());
            } else {
                objects.put(object.key(), object);
                followed.upsert(object);
            }
            if (random.nextInt(4) == 0) {
                follow();
                assertSameAsAnew();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 7})
    void shouldComeToTheSameWhenAllObjectsAreReplaced(int seed) {
        random = new Random(seed);
        for (int step = 0; step < 50; step++) {
            objects.clear();
            for (int i = random.nextInt(40); i > 0; i--) {
                ClusterObject object = object();
                objects.put(object.key(), object);
            }
            followed.replace(objects.values());
            follow();
            assertSameAsAnew();
        }
    }

    private void follow() {
        DesiredStates.Changes changes = followed.changes();
        DesiredChange change = changes.change();
        for (ServicePort.Key key : change.removed()) {
            assertEquals(true, ports.remove(key) != null, key + " was there");
        }
        for (ServicePort port : change.changed()) {
            assertEquals(false, port.equals(ports.put(port.key(), port)), port + " is a change");
        }
        facts = change.nodeFacts().orElse(facts);
        changes.warnings().forEach(warning -> said.add(warning.text()));
        assertEquals(ports.size(), changes.servicePorts());
    }

    private static DesiredStates newStates() {
        return new DesiredStates(ProxyConfig.defaults(), "node-1", List.of(Address.parse("192.0.2.1")));
    }

    private void assertSameAsAnew() {
        List<ClusterObject> shuffled = new ArrayList<>(objects.values());
        Collections.shuffle(shuffled, random);
        DesiredStates anew = newStates();
        anew.replace(shuffled);
        List<String> warnings =
                anew.changes().warnings().stream().map(ObjectWarning::text).toList();
        DesiredState state = anew.state();

        assertEquals(byKey(state.servicePorts()), ports);
        assertEquals(byKey(state.servicePorts()), byKey(followed.state().servicePorts()));
        assertEquals(state.nodeFacts(), facts);
        assertEquals(true, said.containsAll(warnings), "every warning in force was said: " + warnings);
    }

    private static Map<ServicePort.Key, ServicePort> byKey(Collection<ServicePort> all) {
        Map<ServicePort.Key, ServicePort> byKey = new HashMap<>();
        all.forEach(port -> byKey.put(port.key(), port));
        return byKey;
    }

    /** A few names and addresses, so that objects meet. */
    private ClusterObject object() {
        return switch (random.nextInt(20)) {
            case 0 ->
                new Node(
                        "node-" + random.nextInt(2),
                        some("192.0.2.", 3),
                        some("10.1.0.", 2),
                        "zone-" + random.nextInt(2),
                        List.of(),
                        false);
            case 1 -> new ServiceCidr("cidr-" + random.nextInt(2), List.of("10." + random.nextInt(3) + ".0.0/16"));
            case 2, 3, 4, 5, 6, 7, 8 -> service();
            default -> slice();
        };
    }

    private Service service() {
        List<Port> servicePorts = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            String protocol = random.nextBoolean() ? "TCP" : random.nextBoolean() ? "UDP" : "QUIC";
            servicePorts.add(
                    new Port("p" + random.nextInt(3), protocol, random.nextInt(4), 30_000 * random.nextInt(2)));
        }
        return new Service(
                "ns",
                "s" + random.nextInt(6),
                "2026-01-0" + (1 + random.nextInt(3)) + "T00:00:00Z",
                random.nextInt(10) == 0 ? Map.of("service.kubernetes.io/service-proxy-name", "") : Map.of(),
                random.nextInt(3) == 0 ? Map.of("towpath.io/weights", "node-1=0,10.1.0.1=3") : Map.of(),
                random.nextInt(10) == 0 ? "ExternalName" : "LoadBalancer",
                List.of("10.96.0." + random.nextInt(4), "fd00::" + random.nextInt(4)),
                some("203.0.113.", 3),
                List.of(new ClusterObject.Ingress("203.0.113." + random.nextInt(4), "VIP")),
                random.nextInt(3) == 0 ? List.of("192.0.2.0/24") : List.of(),
                servicePorts,
                random.nextBoolean() ? "ClientIP" : "None",
                10_800,
                "Cluster",
                random.nextBoolean() ? "Local" : "Cluster",
                0);
    }

    private EndpointSlice slice() {
        List<Endpoint> endpoints = new ArrayList<>();
        boolean ipv6 = random.nextInt(3) == 0;
        for (int i = random.nextInt(5); i > 0; i--) {
            boolean isHinted = random.nextInt(4) > 0;
            endpoints.add(new Endpoint(
                    (ipv6 ? "fd01::" : "10.1.0.") + random.nextInt(5),
                    random.nextInt(3) > 0,
                    random.nextInt(3) > 0,
                    random.nextInt(3) == 0,
                    "node-" + random.nextInt(3),
                    "zone-" + random.nextInt(2),
                    "pod-" + random.nextInt(5),
                    isHinted ? List.of("zone-" + random.nextInt(2)) : List.of(),
                    List.of()));
        }
        List<EndpointPort> slicePorts = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            slicePorts.add(new EndpointPort(
                    "p" + random.nextInt(3), random.nextBoolean() ? "TCP" : "UDP", 8080 + random.nextInt(2)));
        }
        return new EndpointSlice(
                "ns",
                "slice-" + random.nextInt(12),
                "s" + random.nextInt(6),
                random.nextInt(12) == 0,
                0,
                ipv6 ? "IPv6" : "IPv4",
                slicePorts,
                endpoints);
    }

    private List<String> some(String prefix, int limit) {
        List<String> some = new ArrayList<>();
        for (int i = random.nextInt(limit); i > 0; i--) {
            some.add(prefix + random.nextInt(4));
        }
        return some;
    }
}
