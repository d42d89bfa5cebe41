package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.BulkStream;
import io.towpath.dataplane.demo.Programs;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends traffic over every path. */
final class LabChecks {
    /** Of the last link before the backend in the check of path MTU discovery; IPv6 allows 1280. */
    private static final int NARROW_MTU = 1400;

    private static final int TOO_BIG_BYTES = 1450;
    /** Larger than any MTU here: three fragments. */
    private static final int FRAGMENTED_BYTES = 4_000;

    private static final Duration DISCOVERY_LIMIT = Duration.ofSeconds(3);

    private final LabNetwork lab;
    private final List<LabService> services;
    private final boolean isTowpath;
    private final List<LabResult> results = new ArrayList<>();

    LabChecks(LabNetwork lab, List<LabService> services, boolean isTowpath) {
        this.lab = lab;
        this.services = services;
        this.isTowpath = isTowpath;
    }

    List<LabResult> results() {
        return results;
    }

    void probe(List<LabPath> paths) throws Exception {
        for (LabPath path : paths) {
            for (boolean v6 : new boolean[] {false, true}) {
                for (boolean udp : new boolean[] {false, true}) {
                    String saw = Probe.ask(path.from(), udp, path.to().apply(v6), path.port());
                    results.add(new LabResult(path.name(), way(v6, udp), path.expected(v6), saw, !isTowpath));
                }
            }
        }
    }

    private static String way(boolean v6, boolean udp) {
        return (v6 ? "IPv6 " : "IPv4 ") + (udp ? "UDP" : "TCP");
    }

    private static String family(boolean v6) {
        return v6 ? "IPv6" : "IPv4";
    }

    private LabService service(String name) {
        return LabPath.named(services, name);
    }

    void pings() throws Exception {
        if (!Programs.isPresent("ping")) {
            results.add(LabResult.of("pings", "ICMP", false, "needs the program ping: install iputils-ping"));
            return;
        }
        Host a1 = lab.pod(1, 1);
        for (boolean v6 : new boolean[] {false, true}) {
            ping("ping pod -> pod, other node", a1, lab.pod(2, 1), v6);
            ping("ping pod -> outside", a1, lab.client(), v6);
            ping("ping external -> node", lab.client(), lab.node(1).host(), v6);
            ping("ping node -> node", lab.node(1).host(), lab.node(2).host(), v6);
        }
    }

    private void ping(String name, Host from, Host to, boolean v6) throws Exception {
        boolean answered = LabNetwork.ping(from, to.address(v6));
        results.add(LabResult.of(name, family(v6) + " ICMP", answered, answered ? "answered" : "no answer"));
    }

    /** A node counts as one hop, as a router: of two hops one is left for the backend. */
    void hops() throws Exception {
        Host a1 = lab.pod(1, 1);
        for (boolean v6 : new boolean[] {false, true}) {
            String vip = service("a2").clusterIp(v6);
            String route = (v6 ? "-6 route %s " : "route %s ") + vip + " via " + (v6 ? "fe80::1" : "169.254.1.1")
                    + " dev eth0 %s";
            LabNetwork.ip(a1.namespace(), route.formatted("add", "hoplimit 2"));
            String saw = Probe.ask(a1, false, vip, LabService.PORT);
            LabNetwork.ip(a1.namespace(), route.formatted("del", "").strip());
            results.add(new LabResult(
                    "pod -> ClusterIP with 2 hops left", way(v6, false), "a2 " + a1.address(v6), saw, !isTowpath));
        }
    }

    /** A datagram in fragments to a NodePort. */
    void fragments() throws Exception {
        Host a = lab.node(1).host();
        LabService cluster = service("cluster");
        for (boolean v6 : new boolean[] {false, true}) {
            String saw = Probe.askUdp(lab.client(), a.address(v6), cluster.nodePort(), FRAGMENTED_BYTES);
            results.add(new LabResult(
                    "external -> NodePort in fragments", way(v6, true), "b1 " + a.address(v6), saw, !isTowpath));
        }
    }

    /** An ICMP error from before the backend must reach the client's socket, as about the Service's address. */
    void pathMtu() throws Exception {
        Host client = lab.pod(1, 1);
        LabNode other = lab.node(2);
        LabNetwork.ip(other.host().namespace(), "link set pod2 mtu " + NARROW_MTU);
        for (boolean v6 : new boolean[] {false, true}) {
            String vip = service("b2").clusterIp(v6);
            Probe.askUdp(client, vip, LabService.PORT, TOO_BIG_BYTES);
            long endNs = System.nanoTime() + DISCOVERY_LIMIT.toNanos();
            String route = "";
            while (!route.contains("mtu " + NARROW_MTU) && System.nanoTime() < endNs) {
                route = LabNetwork.ip(client.namespace(), (v6 ? "-6 " : "") + "route get " + vip);
            }
            boolean isKnown = route.contains("mtu " + NARROW_MTU);
            String saw = isKnown ? "client's path MTU is " + NARROW_MTU : "not told: " + route.strip();
            results.add(LabResult.of("too big before the backend", way(v6, true), isKnown, saw));
            bulk("stream through a narrow link", client, vip, v6);
        }
        LabNetwork.ip(other.host().namespace(), "link set pod2 mtu 1500");
    }

    void streams() throws Exception {
        Host a1 = lab.pod(1, 1);
        for (boolean v6 : new boolean[] {false, true}) {
            bulk("stream pod -> ClusterIP, same node", a1, service("a2").clusterIp(v6), v6);
            bulk("stream pod -> ClusterIP, other node", a1, service("b1").clusterIp(v6), v6);
            bulk("stream pod -> pod, other node", a1, lab.pod(2, 1).address(v6), v6);
        }
    }

    private void bulk(String name, Host from, String address, boolean v6) throws Exception {
        String saw;
        boolean isGood = false;
        try {
            BulkStream.Result result =
                    BulkStream.send(from.namespace(), new InetSocketAddress(address, LabService.BULK_PORT), 1);
            saw = String.format(Locale.ROOT, "%.2f Gbit/s", result.gigabitsPerSecond());
            isGood = true;
        } catch (ExecutionException | TimeoutException e) {
            saw = String.valueOf(e.getMessage());
        }
        results.add(LabResult.of(name, way(v6, false), isGood, saw));
    }

    /** Adds a line on packets that the engines saw of traffic that is not theirs. */
    void untouched(long packets) {
        results.add(LabResult.of(
                "what the engines saw of traffic without a Service", "", packets == 0, packets + " packets"));
    }

    /** Waits until a node forwards for its pods: the first packets of a new namespace may be lost. */
    void warmUp() throws Exception {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        Host b1 = lab.pod(2, 1);
        for (boolean v6 : new boolean[] {false, true}) {
            while (Probe.ask(lab.pod(1, 1), false, b1.address(v6), LabService.BACKEND_PORT)
                            .startsWith("(")
                    && System.nanoTime() < endNs) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }
}
