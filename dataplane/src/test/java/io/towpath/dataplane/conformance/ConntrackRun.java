package io.towpath.dataplane.conformance;

import io.towpath.dataplane.conformance.Frame.End;
import io.towpath.dataplane.conformance.Frame.Role;
import io.towpath.dataplane.demo.Json;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks which tracked connections a sync removes, and whether it looked for stale ones at all.
 *
 * <p>Connections are made by packets: a service of the test's own leads from the wanted destination to the wanted backend, and is gone
 * before the scenario's objects come.
 */
final class ConntrackRun {
    private static final String CLIENT = "10.99.0.99";
    private static final String CLIENT_IPV6 = "fd00:10::99";
    private static final int CANARY_PORT = 9;
    private static final End CANARY_END = End.of("198.18.0.1", CANARY_PORT);

    private final List<String> problems = new ArrayList<>();
    private final ClusterState cluster;
    private final NodeUnderTest node;
    private int lastSourcePort = 30_000;
    private long nowNs = 1_000_000_000;

    private ConntrackRun(ClusterState cluster, NodeUnderTest node) {
        this.cluster = cluster;
        this.node = node;
    }

    /** Returns what is wrong, a line each. */
    static List<String> problems(Scenario scenario, Path folder) throws Exception {
        try (NodeUnderTest node = new NodeUnderTest()) {
            ConntrackRun run = new ConntrackRun(new ClusterState(scenario, folder), node);
            DesiredState before = run.cluster.synced().state();
            for (Scenario.Step step : scenario.steps()) {
                before = run.check(step, before);
            }
            return run.problems;
        }
    }

    private DesiredState check(Scenario.Step step, DesiredState before) throws Exception {
        boolean looksForCleanup = step.json().containsKey("conntrackCleanupRequired");
        List<ServicePort> more = looksForCleanup ? List.of(canary()) : List.of();
        node.sync(with(before, more));
        End canaryClient = looksForCleanup ? open(Protocol.UDP, CANARY_END) : null;
        Map<Tracked, End> clients = new LinkedHashMap<>();
        List<Tracked> wanted =
                Json.objects(step.json(), "conntrack").stream().map(Tracked::of).toList();
        for (Tracked tracked : wanted) {
            List<ServicePort> service = tracked.isTranslated() ? List.of(service(tracked, wanted)) : List.of();
            node.sync(new DesiredState(service, List.of(), before.nodeAddresses(), before.localDetector(), false));
            clients.put(tracked, open(tracked.protocol(), tracked.destination()));
        }
        DesiredState after = cluster.apply(step).state();
        node.sync(with(after, more));
        if (looksForCleanup) {
            boolean swept = !node.tracks(Frame.UDP, canaryClient, CANARY_END);
            Object expected = step.json().get("conntrackCleanupRequired");
            note(
                    !expected.equals(swept),
                    step.about() + ": stale connections were " + (swept ? "" : "not ") + "removed");
        }
        clients.forEach((tracked, client) -> {
            boolean kept = node.tracks(tracked.protocol().number(), client, tracked.destination());
            note(kept != tracked.kept(), step.about() + ": " + tracked + " was " + (kept ? "kept" : "deleted"));
        });
        return after;
    }

    /** A tracked connection, and whether it is to stay. */
    private record Tracked(Protocol protocol, End destination, End backend, boolean kept) {
        static Tracked of(Map<String, Object> json) {
            return new Tracked(
                    Protocol.valueOf(Scenario.text(json, "proto")),
                    End.of(Scenario.text(json, "origDst"), (int) Json.number(json, "origDport")),
                    End.of(Scenario.text(json, "replySrc"), (int) Json.number(json, "replySport")),
                    "kept".equals(json.get("expect")));
        }

        /** Else it was made before its destination became a Service's. */
        boolean isTranslated() {
            return !destination.equals(backend);
        }
    }

    /** Returns the client's end of a new connection. */
    private End open(Protocol protocol, End destination) {
        String client = destination.address() instanceof Inet4Address ? CLIENT : CLIENT_IPV6;
        End source = End.of(client, ++lastSourcePort);
        nowNs += 1000;
        node.play("cni0", Frame.build(protocol.number(), source, destination, Role.FIRST), nowNs);
        note(!node.tracks(protocol.number(), source, destination), "no connection to " + destination);
        return source;
    }

    private static DesiredState with(DesiredState state, List<ServicePort> more) {
        List<ServicePort> all = new ArrayList<>(state.servicePorts());
        all.addAll(more);
        return new DesiredState(
                all, state.serviceCidrs(), state.nodeAddresses(), state.localDetector(), state.masqueradeAll());
    }

    /** Its connections are stale from the start, so that whoever looks for stale ones removes them. */
    private static ServicePort canary() {
        BackendAddress used = new BackendAddress(Address.parse("198.18.0.2"), CANARY_PORT);
        BackendAddress serving = new BackendAddress(Address.parse("198.18.0.3"), CANARY_PORT);
        return servicePort("canary", Protocol.UDP, CANARY_END, used, List.of(serving));
    }

    /** All backends of the check serve, so that making one connection does not remove another. */
    private static ServicePort service(Tracked tracked, List<Tracked> all) {
        List<BackendAddress> serving = tracked.protocol() == Protocol.UDP
                ? all.stream().map(other -> backend(other.backend())).toList()
                : List.of();
        return servicePort("before", tracked.protocol(), tracked.destination(), backend(tracked.backend()), serving);
    }

    private static ServicePort servicePort(
            String name, Protocol protocol, End vip, BackendAddress used, List<BackendAddress> serving) {
        Address address = address(vip);
        return new ServicePort(
                new ServicePortName("conformance", name, "", protocol),
                address.isIpv6(),
                List.of(new Vip(VipKind.CLUSTER_IP, address, vip.port(), false, List.of())),
                List.of(used),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                serving);
    }

    private static BackendAddress backend(End end) {
        return new BackendAddress(address(end), end.port());
    }

    private static Address address(End end) {
        return Address.parse(end.address().getHostAddress());
    }

    private void note(boolean wrong, String problem) {
        if (wrong) {
            problems.add(problem);
        }
    }
}
