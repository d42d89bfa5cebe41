package io.towpath.dataplane.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.Launcher;
import io.towpath.dataplane.e2e.RealPrograms;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What node mode does to a host, in the lab's node A. */
@EndToEnd
final class NodeModeTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Cleanup cleanup;
    private Lab lab;
    private LabNode node;
    private Namespace host;

    @BeforeEach
    void open() throws Exception {
        Launcher.find();
        cleanup = new Cleanup();
        lab = Lab.create(Lab.Proxy.TOWPATH, cleanup);
        node = lab.network().node(1);
        host = node.host().namespace();
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    @Test
    void shouldShowWhatIsMissingAndRepairIt() throws Exception {
        assertEquals(0, check().exitCode(), check().output());
        LabNetwork.in(host, "nft", "delete", "table", "inet", "towpath");
        LabNetwork.ip(host, "rule del pref 110");
        LabNetwork.ip(host, "-6 rule del pref 70");
        LabNetwork.ip(host, "route flush table 7078");
        LabNetwork.in(host, "nft", "flush", "chain", "ip", "cni", "FORWARD");
        LabNetwork.in(host, "sysctl", "-qw", "net.ipv4.ip_local_reserved_ports=");

        Programs.Result broken = check();

        assertEquals(1, broken.exitCode());
        for (String item : List.of(
                "nftables chain inet towpath steer",
                "IPv4 rule 110:",
                "IPv6 rule 70:",
                "route in table 7078: 10.96.0.0/12",
                "nftables chain ip cni FORWARD",
                "sysctl net.ipv4.ip_local_reserved_ports")) {
            assertTrue(
                    broken.output().lines().anyMatch(line -> line.startsWith(item) && line.contains(" missing ")),
                    item + " in\n" + broken.output());
        }
        Programs.Result repaired = check("--repair");
        assertEquals(0, repaired.exitCode(), repaired.output() + repaired.errors());
        assertAnswers("a2");
    }

    @Test
    void shouldNameOthersInTheWay() throws Exception {
        LabNetwork.nft(host, """
                table ip kube-proxy {
                }
                table ip nat {
                  chain KUBE-SERVICES {
                  }
                }
                table ip raw {
                  chain early {
                    type filter hook prerouting priority raw;
                    udp dport 9 notrack
                  }
                }
                """);

        Programs.Result result = check();

        assertEquals(1, result.exitCode());
        for (String item :
                List.of("kube-proxy in nftables mode", "kube-proxy in iptables mode", "a rule with notrack")) {
            assertTrue(result.output().contains(item), item + " in\n" + result.output());
        }
        Map<String, Object> json = Json.parse(check("--output", "json").output());
        assertTrue(
                Json.objects(json, "checks").stream()
                        .anyMatch(finding -> String.valueOf(finding.get("item")).startsWith("kube-proxy")),
                json.toString());
    }

    @Test
    void shouldShowABridgeOfPodsThatTheConfigurationDoesNotKnow() throws Exception {
        Path config = LabConfig.config(lab.network().id(), node);
        Files.writeString(config, Files.readString(config).replaceFirst("bridgeNetworks: .*", "bridgeNetworks: []"));

        Programs.Result result = check();

        assertEquals(1, result.exitCode());
        assertTrue(result.output().contains("bridge cni0 10.244.1.129/25"), result.output());
    }

    @Test
    void shouldNameAChainOfTheOldIptablesInTheWay() throws Exception {
        assumeTrue(Programs.isPresent("iptables-legacy"), "needs the program iptables-legacy: install iptables");
        LabNetwork.in(host, "iptables-legacy", "-P", "FORWARD", "DROP");

        assertTrue(check().output().contains("iptables-legacy chain FORWARD"), check().output());

        for (String way : List.of("-i", "-o")) {
            LabNetwork.in(host, "iptables-legacy", "-I", "FORWARD", way, "towpath0", "-j", "ACCEPT");
        }
        assertEquals(0, check().exitCode(), check().output());
    }

    @Test
    void shouldLeakNothingWhileTheEngineIsDownAndRecoverWithIt() throws Exception {
        lab.engine(node).process().destroyForcibly().waitFor();
        awaitNoDevice();

        for (boolean v6 : new boolean[] {false, true}) {
            Host pod = lab.network().pod(1, 1);
            Host other = lab.network().pod(1, 2);
            Programs.Result route = routeTo(lab.service("a2").clusterIp(v6));
            assertTrue(!route.isOk() || route.output().contains("unreachable"), route.output());
            assertEquals(
                    "a2 " + pod.address(v6),
                    Probe.ask(pod, false, other.address(v6), LabService.BACKEND_PORT),
                    "pods do not need the engine to reach each other");
        }
        lab.startEngine(node).awaitReady(LIMIT);

        assertAnswers("a2");
        assertEquals(0, check().exitCode(), check().output());
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "netty", "rw"})
    void shouldMakeItsDeviceAnewWhenSomebodyDeletedIt(String io) throws Exception {
        lab.engine(node).stop();
        Path config = LabConfig.config(lab.network().id(), node);
        Files.writeString(config, Files.readString(config).replace("node:\n", "node:\n  io: " + io + "\n"));
        EngineProcess engine = lab.startEngine(node);
        engine.awaitReady(LIMIT);
        assertAnswers("a2");
        try (SocketChannel client = openStream("a2")) {
            LabNetwork.ip(host, "link delete towpath0");

            RealPrograms.await("its return", LIMIT, () -> said("port towpath0: its device is back") == 1);
            assertAnswers("a2");
            assertEquals("a2 2\n", endStream(client), "a connection from before");
        }
        assertEquals(1, said("port towpath0: its device is gone"), engine::logTail);
        assertEquals(0, said("steered by an old state"), engine::logTail);
        Programs.Result result = check();
        assertEquals(0, result.exitCode(), result.output());
        assertEquals(0, engine.stop(), engine::logTail);
    }

    @Test
    void shouldStandInNobodysWayWhileDownIfItIsToFailOpen() throws Exception {
        lab.engine(node).stop();
        EngineProcess open = lab.startEngine(node, "--fail-open");
        open.awaitReady(LIMIT);
        assertAnswers("a2");

        open.process().destroyForcibly().waitFor();
        awaitNoDevice();

        for (boolean v6 : new boolean[] {false, true}) {
            Programs.Result route = routeTo(lab.service("a2").clusterIp(v6));
            assertTrue(route.output().contains("dev eth0"), route.output() + route.errors());
        }
    }

    @Test
    void shouldKeepConnectionsButNeverTheDeviceForTheNextProcess() throws Exception {
        Path config = LabConfig.config(lab.network().id(), node);
        Files.writeString(config, "persist: true\n" + Files.readString(config));
        lab.engine(node).stop();
        EngineProcess stopped = lab.startEngine(node);
        stopped.awaitReady(LIMIT);
        try (SocketChannel client = openStream("a2")) {
            stopped.stop();
            assertFalse(LabNetwork.ip(host, "link").contains("towpath0"), "it went with the process");
            lab.startEngine(node).awaitReady(LIMIT);

            // That the stream goes on would not say it: with one backend a new connection would lead to the same.
            assertEquals(1, said("took over 1 connections "));
            assertEquals("a2 2\n", endStream(client));
        }
        assertAnswers("a2");
    }

    @Test
    void shouldServeNodePortsOnOtherAddressesOnlyIfToldTo() throws Exception {
        String second = "172.30.9.11";
        LabNetwork.ip(host, "address add " + second + "/24 dev eth0");
        Host client = lab.network().client();
        int nodePort = lab.service("cluster").nodePort();
        String node1 = "b1 " + node.host().ipv4();
        assertEquals(node1, Probe.ask(client, false, node.host().ipv4(), nodePort));
        assertEquals("(Connection refused)", Probe.ask(client, false, second, nodePort), "primary addresses only");

        lab.engine(node).stop();
        Path config = LabConfig.config(lab.network().id(), node);
        String addresses = "nodeAddresses: [" + node.host().ipv4() + ", ";
        Files.writeString(config, Files.readString(config).replace(addresses, addresses + second + ", "));
        Path proxy = LabConfig.folder(lab.network().id()).resolve("proxy-" + node.number() + ".yaml");
        Files.writeString(proxy, Files.readString(proxy) + "nodePortAddresses: [172.30.9.0/24]\n");
        lab.startEngine(node).awaitReady(LIMIT);

        assertEquals(node1, Probe.ask(client, false, second, nodePort));
        assertEquals(node1, Probe.ask(client, true, second, nodePort));
        assertEquals(node1, Probe.ask(client, false, node.host().ipv4(), nodePort));
    }

    @Test
    void shouldLeaveNoHalfConfiguredNodeIfItCannotStart() throws Exception {
        lab.engine(node).stop();
        assertEquals(0, cleanupOf(node.number()).exitCode());
        List<String> before = traces(host);
        List<String> run = EngineProcess.command("run", "--config", config(node));
        // Routes, rules and the table for marks are set up by means of their own: only the settings cannot be made.
        List<String> readOnly = new ArrayList<>(List.of(
                "sh",
                "-c",
                "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec \"$@\"",
                "sh"));
        readOnly.addAll(run);

        Programs.Result result = Programs.run(LIMIT, host.command(readOnly.toArray(String[]::new)));

        assertEquals(1, result.exitCode(), result.output() + result.errors());
        assertTrue(result.errors().contains("cannot set net."), result.errors());
        assertEquals(before, traces(host));
        assertFalse(LabNetwork.ip(host, "link").contains("towpath0"), "no device");
    }

    @Test
    void shouldSteerAddressesOfServicesAsTheyComeAndGo() throws Exception {
        Path manifest = LabConfig.manifests(lab.network().id()).resolve("outside.yaml");
        LabService outside = new LabService("outside", 77, List.of(lab.network().pod(1, 2)), 0, false);
        String yaml = outside.manifest(lab.network())
                .replace("  clusterIP:", "  externalIPs: [172.30.9.1, 198.51.100.77]\n  clusterIP:");
        LabConfig.replace(manifest.getParent(), manifest.getFileName().toString(), yaml);
        Host client = lab.network().client();
        LabNetwork.ip(client.namespace(), "route add 198.51.100.77 via 172.30.9.1");

        RealPrograms.await("a route", LIMIT, () -> services(false).contains("198.51.100.77 via"));
        assertEquals("a2 172.30.9.1", Probe.ask(client, false, "198.51.100.77", LabService.PORT));
        // The host has this address: only the Service's port of it goes to the engine, by a rule that follows the
        // routes.
        RealPrograms.await("a rule", LIMIT, () -> Probe.ask(client, false, "172.30.9.1", LabService.PORT)
                .equals("a2 172.30.9.1"));
        assertEquals("node-A 172.30.9.3", Probe.ask(client, false, "172.30.9.1", LabService.BACKEND_PORT));

        Files.delete(manifest);
        RealPrograms.await("no route", LIMIT, () -> !services(false).contains("198.51.100.77"));
    }

    @Test
    void shouldRemoveEveryTrace() throws Exception {
        Namespace bare = lab.network().node(2).host().namespace();
        lab.engine(lab.network().node(2)).stop();
        assertEquals(0, cleanupOf(2).exitCode());
        LabNetwork.in(bare, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.ip_local_reserved_ports=9000");
        List<String> before = traces(bare);
        EngineProcess engine = lab.startEngine(lab.network().node(2));
        engine.awaitReady(LIMIT);
        assertFalse(traces(bare).equals(before));
        Host pod = lab.network().pod(2, 1);
        assertEquals(
                "b2 " + pod.ipv4(),
                Probe.ask(pod, false, lab.service("b2").clusterIp(false), LabService.PORT),
                "on a host that checks the way back");
        engine.stop();

        Programs.Result result = cleanupOf(2);

        assertEquals(0, result.exitCode(), result.errors());
        assertEquals(before, traces(bare));
        assertEquals(0, cleanupOf(2).exitCode(), "once more does no harm");
    }

    private Programs.Result check(String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("node", "check", "--config", config(node)));
        arguments.addAll(List.of(options));
        return towpath(host, arguments);
    }

    private Programs.Result cleanupOf(int number) throws Exception {
        LabNode other = lab.network().node(number);
        return towpath(other.host().namespace(), List.of("node", "cleanup", "--config", config(other)));
    }

    private String config(LabNode of) {
        return LabConfig.config(lab.network().id(), of).toString();
    }

    private static Programs.Result towpath(Namespace namespace, List<String> arguments) throws Exception {
        String[] command =
                EngineProcess.command(arguments.toArray(String[]::new)).toArray(String[]::new);
        return Programs.run(LIMIT, namespace.command(command));
    }

    /** Everything in a namespace that node mode may change. */
    private static List<String> traces(Namespace namespace) throws Exception {
        List<String> traces = new ArrayList<>();
        traces.add(LabNetwork.in(namespace, "nft", "list", "ruleset"));
        for (String family : List.of("-4", "-6")) {
            traces.add(LabNetwork.ip(namespace, family + " rule"));
            traces.add(LabNetwork.ip(namespace, family + " route show table all"));
        }
        traces.add(LabNetwork.in(
                namespace,
                "sysctl",
                "net.ipv4.ip_local_reserved_ports",
                "net.ipv4.conf.all.rp_filter",
                "net.ipv4.conf.eth0.rp_filter",
                "net.netfilter.nf_conntrack_tcp_be_liberal"));
        return traces;
    }

    /** Opens a stream of a pod through a Service, and sends a byte. */
    private SocketChannel openStream(String service) throws Exception {
        SocketChannel client = lab.network().pod(1, 1).namespace().call(SocketChannel::open);
        client.connect(new InetSocketAddress(lab.service(service).clusterIp(false), LabService.BULK_PORT));
        client.write(ByteBuffer.wrap(new byte[1]));
        return client;
    }

    /** Sends another byte, and returns what the backend says of the stream. */
    private static String endStream(SocketChannel client) throws IOException {
        client.write(ByteBuffer.wrap(new byte[1]));
        client.shutdownOutput();
        client.socket().setSoTimeout((int) LIMIT.toMillis());
        return new String(client.socket().getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }

    /** Returns how many lines of the engine's log have the text. */
    private long said(String text) throws IOException {
        Path log = LabConfig.folder(lab.network().id()).resolve("engine-" + node.number() + ".log");
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains(text)).count();
        }
    }

    private void assertAnswers(String service) throws Exception {
        Host pod = lab.network().pod(1, 1);
        for (boolean v6 : new boolean[] {false, true}) {
            for (boolean udp : new boolean[] {false, true}) {
                String answer = Probe.ask(pod, udp, lab.service(service).clusterIp(v6), LabService.PORT);
                assertEquals(service + " " + pod.address(v6), answer);
            }
        }
    }

    private Programs.Result routeTo(String address) throws Exception {
        return Programs.run(LIMIT, List.of("ip", "-n", host.name(), "route", "get", address));
    }

    private String services(boolean v6) throws Exception {
        return LabNetwork.ip(host, (v6 ? "-6 " : "") + "route show table 7078");
    }

    private void awaitNoDevice() throws Exception {
        RealPrograms.await(
                "no device", LIMIT, () -> !LabNetwork.ip(host, "link").contains("towpath0"));
    }
}
