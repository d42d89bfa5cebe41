package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import io.towpath.linux.NftCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The lab's namespaces, links and routes; nothing of a Service proxy. */
final class LabNetwork {
    static final String POD_CIDR_V4 = "10.244.0.0/16";
    static final String POD_CIDR_V6 = "fd44::/48";
    /** Virtual addresses of load balancers; the underlay leads them to node A. */
    static final String BALANCER_CIDR_V4 = "203.0.113.0/24";

    static final String BALANCER_CIDR_V6 = "fd99::/64";

    private static final String GATEWAY_V4 = "169.254.1.1";
    private static final String GATEWAY_V6 = "fe80::1";
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final String id;
    private final Host client;
    private final List<LabNode> nodes = new ArrayList<>();

    private LabNetwork(String id) {
        this.id = id;
        this.client = new Host("client", named(id, "client"), "172.30.9.3", "fd30:9::3");
        for (int number = 1; number <= 2; number++) {
            String letter = number == 1 ? "a" : "b";
            List<Host> pods = new ArrayList<>();
            for (int pod = 1; pod <= 4; pod++) {
                boolean onBridge = pod > LabNode.FIRST_ON_BRIDGE;
                String v4 = "10.244." + number + "." + (onBridge ? 128 + pod : pod);
                String v6 = "fd44:0:0:" + number + (onBridge ? ":80::" : "::") + pod;
                pods.add(new Host(letter + pod, named(id, letter + pod), v4, v6));
            }
            Host host = new Host(
                    "node " + letter.toUpperCase(Locale.ROOT),
                    named(id, "node-" + letter),
                    "172.30.9." + number,
                    "fd30:9::" + number);
            nodes.add(new LabNode(number, host, List.copyOf(pods)));
        }
    }

    private static Namespace named(String id, String name) {
        return new Namespace("towpath-" + id + "-lab-" + name);
    }

    static LabNetwork create(String id, Cleanup cleanup) throws Exception {
        LabNetwork network = new LabNetwork(id);
        Namespace wire = named(id, "wire");
        Network.make(wire, cleanup);
        ip(wire, "link add br0 type bridge");
        ip(wire, "link set br0 up");
        Network.make(network.client.namespace(), cleanup);
        plug(wire, network.client);
        for (LabNode node : network.nodes) {
            Network.make(node.host().namespace(), cleanup);
            plug(wire, node.host());
            forwards(node.host().namespace());
            bridge(node);
            for (int pod = 0; pod < node.pods().size(); pod++) {
                Network.make(node.pods().get(pod).namespace(), cleanup);
                attach(node, pod);
            }
        }
        network.routes();
        for (LabNode node : network.nodes) {
            hostRules(node);
        }
        return network;
    }

    String id() {
        return id;
    }

    Host client() {
        return client;
    }

    LabNode node(int number) {
        return nodes.get(number - 1);
    }

    List<LabNode> nodes() {
        return nodes;
    }

    /** Returns pod {@code number} (from 1) of node {@code node} (from 1). */
    Host pod(int node, int number) {
        return node(node).pods().get(number - 1);
    }

    /** Runs {@code ip} in a namespace. */
    static String ip(Namespace namespace, String arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip", "-n", namespace.name()));
        command.addAll(List.of(arguments.split(" ")));
        return Programs.require(command.toArray(String[]::new));
    }

    /** Runs a program in a namespace; it must succeed. */
    static String in(Namespace namespace, String... program) throws Exception {
        return Programs.require(namespace.command(program).toArray(String[]::new));
    }

    private static void plug(Namespace wire, Host host) throws Exception {
        String port = host.name().replace(" ", "");
        ip(host.namespace(), "link add eth0 type veth peer name " + port + " netns " + wire.name());
        ip(wire, "link set " + port + " master br0 up");
        ip(host.namespace(), "address add " + host.ipv4() + "/24 dev eth0");
        ip(host.namespace(), "address add " + host.ipv6() + "/64 dev eth0 nodad");
        ip(host.namespace(), "link set eth0 up");
    }

    private static void forwards(Namespace node) throws Exception {
        in(node, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    }

    private static void bridge(LabNode node) throws Exception {
        Namespace host = node.host().namespace();
        ip(host, "link add cni0 type bridge");
        ip(host, "address add " + node.bridge(false) + " dev cni0");
        ip(host, "address add " + node.bridge(true) + " dev cni0 nodad");
        ip(host, "link set cni0 up");
    }

    private static void attach(LabNode node, int number) throws Exception {
        Host pod = node.pods().get(number);
        Namespace host = node.host().namespace();
        String device = "pod" + (number + 1);
        ip(
                host,
                "link add " + device + " type veth peer name eth0 netns "
                        + pod.namespace().name());
        ip(pod.namespace(), "link set eth0 up");
        if (number >= LabNode.FIRST_ON_BRIDGE) {
            ip(host, "link set " + device + " master cni0 up");
            ip(host, "link set " + device + " type bridge_slave hairpin on"); // as CNI plugins do for kube-proxy
            ip(pod.namespace(), "address add " + pod.ipv4() + "/25 dev eth0");
            ip(pod.namespace(), "address add " + pod.ipv6() + "/80 dev eth0 nodad");
            ip(pod.namespace(), "route add default via " + node.bridge(false).replaceFirst("/.*", ""));
            ip(pod.namespace(), "-6 route add default via " + node.bridge(true).replaceFirst("/.*", ""));
            return;
        }
        ip(host, "address add " + GATEWAY_V4 + "/32 dev " + device);
        ip(host, "address add " + GATEWAY_V6 + "/64 dev " + device + " nodad");
        ip(host, "link set " + device + " up");
        ip(host, "route add " + pod.ipv4() + " dev " + device);
        ip(host, "-6 route add " + pod.ipv6() + " dev " + device);
        ip(pod.namespace(), "address add " + pod.ipv4() + "/32 dev eth0");
        ip(pod.namespace(), "address add " + pod.ipv6() + "/128 dev eth0 nodad");
        ip(pod.namespace(), "route add " + GATEWAY_V4 + " dev eth0");
        ip(pod.namespace(), "route add default via " + GATEWAY_V4);
        ip(pod.namespace(), "-6 route add default via " + GATEWAY_V6 + " dev eth0");
    }

    private void routes() throws Exception {
        for (LabNode node : nodes) {
            LabNode other = node(3 - node.number());
            Namespace host = node.host().namespace();
            for (boolean v6 : new boolean[] {false, true}) {
                String family = v6 ? "-6 " : "";
                ip(
                        host,
                        family + "route add " + other.podCidr(v6) + " via "
                                + other.host().address(v6));
                ip(host, family + "route add default via " + client.address(v6));
            }
        }
        Host first = node(1).host();
        ip(client.namespace(), "route add " + BALANCER_CIDR_V4 + " via " + first.ipv4());
        ip(client.namespace(), "-6 route add " + BALANCER_CIDR_V6 + " via " + first.ipv6());
    }

    /** What CNI plugins and distributions add: pods show the node's address outside, and unknown packets are not forwarded. */
    private static void hostRules(LabNode node) throws Exception {
        StringBuilder rules = new StringBuilder();
        for (boolean v6 : new boolean[] {false, true}) {
            String cluster = v6 ? POD_CIDR_V6 : POD_CIDR_V4;
            String ip = v6 ? "ip6" : "ip";
            rules.append("""
                    table %1$s cni {
                      chain POSTROUTING {
                        type nat hook postrouting priority srcnat; policy accept;
                        %1$s saddr %2$s %1$s daddr != %3$s masquerade
                      }
                      chain FORWARD {
                        type filter hook forward priority filter; policy drop;
                        ct state established,related accept
                        %1$s saddr %3$s accept
                        %1$s daddr %3$s accept
                      }
                    }
                    """.formatted(ip, node.podCidr(v6), cluster));
        }
        nft(node.host().namespace(), rules.toString());
    }

    /** Runs an nftables script in a namespace. */
    static void nft(Namespace namespace, String script) throws Exception {
        namespace.call(() -> {
            NftCommand.apply(script);
            return null;
        });
    }

    /** Sends one echo request; returns whether it was answered. */
    static boolean ping(Host from, String to) throws Exception {
        return Programs.run(LIMIT, from.namespace().command("ping", "-n", "-c", "1", "-W", "2", to))
                .isOk();
    }
}
