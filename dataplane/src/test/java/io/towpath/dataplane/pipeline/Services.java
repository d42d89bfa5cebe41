package io.towpath.dataplane.pipeline;

import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
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

/** Desired states for tests: service port {@code ns/NAME} on 10.96.0.10:80 and on NodePort 30080 of 192.168.0.2, backends on port 8080. */
record Services(
        String name,
        Protocol protocol,
        Scheduler scheduler,
        int affinitySeconds,
        List<BackendAddress> chosen,
        List<BackendAddress> serving) {
    static final Address NODE = Address.parse("192.168.0.2");

    static Services tcp(String... backends) {
        return new Services("web", Protocol.TCP, Scheduler.RANDOM, 0, addresses(backends), List.of());
    }

    static Services udp(String... backends) {
        return new Services("dns", Protocol.UDP, Scheduler.RANDOM, 0, addresses(backends), addresses(backends));
    }

    Services withAffinity(int seconds) {
        return new Services(name, protocol, scheduler, seconds, chosen, serving);
    }

    Services withScheduler(Scheduler other) {
        return new Services(name, protocol, other, affinitySeconds, chosen, serving);
    }

    /** Backends that serve but are not chosen for new connections stay out of the sets. */
    Services withServing(String... backends) {
        return new Services(name, protocol, scheduler, affinitySeconds, chosen, addresses(backends));
    }

    static List<BackendAddress> addresses(String... backends) {
        return Arrays.stream(backends)
                .map(text -> new BackendAddress(Address.parse(text), 8080))
                .toList();
    }

    private ServicePort port() {
        return new ServicePort(
                new ServicePortName("ns", name, "", protocol),
                false,
                List.of(
                        new Vip(VipKind.CLUSTER_IP, Address.parse("10.96.0.10"), 80, false, List.of()),
                        new Vip(VipKind.NODE_PORT, NODE, 30080, false, List.of())),
                chosen,
                List.of(),
                scheduler,
                Map.of(),
                affinitySeconds,
                serving);
    }

    static DesiredState state(Services... services) {
        return new DesiredState(
                Arrays.stream(services).map(Services::port).toList(),
                List.of(),
                List.of(NODE),
                new LocalDetector.BySource(List.of(Prefix.parse("10.1.0.0/16"))),
                false);
    }
}
