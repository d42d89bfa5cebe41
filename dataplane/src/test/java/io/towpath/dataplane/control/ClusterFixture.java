package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.Protocol;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A node named "node" that follows objects, and what it makes of them. */
final class ClusterFixture {
    final DesiredStates states;
    /** What a writer would have now. */
    final Map<ServicePort.Key, ServicePort> ports = new HashMap<>();

    private final Path folder;
    DesiredStates.Changes last;

    ClusterFixture(Path folder, ProxyConfig config) {
        this.folder = folder;
        states = new DesiredStates(config, "Node\n", List.of(Address.parse("192.0.2.1"), Address.parse("2001:db8::1")));
    }

    /** Takes over objects; returns the warnings. */
    List<String> upsert(String... manifests) throws Exception {
        Objects.read(folder, manifests).forEach(states::upsert);
        return sync();
    }

    List<String> delete(String kind, String name) {
        states.delete(new ClusterObject.Key(kind, "ns", name));
        return sync();
    }

    List<String> sync() {
        last = states.changes();
        DesiredChange change = last.change();
        change.removed().forEach(ports::remove);
        change.changed().forEach(port -> ports.put(port.key(), port));
        return last.warnings().stream().map(ObjectWarning::text).toList();
    }

    /** Returns port p of a Service. */
    ServicePort port(String service) {
        return port(service, "p", Protocol.TCP, false);
    }

    ServicePort port(String service, String port, Protocol protocol, boolean ipv6) {
        return ports.get(new ServicePort.Key(new ServicePortName("ns", service, port, protocol), ipv6));
    }

    /** Returns the backends for policy Cluster of port p of a Service. */
    List<String> cluster(String service) {
        return texts(port(service).clusterBackends());
    }

    List<String> local(String service) {
        return texts(port(service).localBackends());
    }

    static List<String> texts(List<?> values) {
        return values.stream().map(Object::toString).toList();
    }

    /** Returns the addresses and ports of a kind of port p of a Service. */
    List<String> vips(String service, VipKind kind) {
        return vips(port(service), kind);
    }

    static List<String> vips(ServicePort port, VipKind kind) {
        return port.vips().stream()
                .filter(vip -> vip.kind() == kind)
                .map(vip -> vip.address().withPort(vip.port()))
                .toList();
    }

    Vip vip(String service, VipKind kind) {
        return port(service).vips().stream()
                .filter(vip -> vip.kind() == kind)
                .findFirst()
                .orElseThrow();
    }
}
