package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Counters;
import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.metrics.Exposition;
import io.towpath.linux.TapSendBuffer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backend behind a slow link: what its device has no room for is dropped, and said of its port; the others do not notice. */
@EndToEnd
final class FullEgressTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int DATAGRAMS = 500;
    private static final InetSocketAddress SLOW = Plan.at(Plan.host4(1, 2), 9);

    private final HttpClient http = HttpClient.newHttpClient();
    private int metricsPort;

    @AfterEach
    void closeClient() {
        http.close();
    }

    private EngineProcess start(NetworkRig rig, String io) throws Exception {
        metricsPort = RealPrograms.unusedPort();
        Path proxy = Files.writeString(rig.folder().resolve("kube-proxy.yaml"), """
                apiVersion: kubeproxy.config.k8s.io/v1alpha1
                kind: KubeProxyConfiguration
                mode: nftables
                metricsBindAddress: 127.0.0.1:%d
                """.formatted(metricsPort));
        Path config = DemoConfig.write(rig.network());
        // Each device keeps a name of its own, by which its descriptors are found.
        Files.writeString(
                config,
                "proxyConfig: " + proxy + "\n"
                        + Files.readString(config).replace("    rename: eth0\n", "    io: " + io + "\n"));
        EngineProcess engine = rig.startEngineWith(config);
        engine.awaitReady(NetworkRig.READY_LIMIT);
        return engine;
    }

    private static String device(NetworkRig rig, int network) {
        return "tp" + rig.network().id() + "n" + network;
    }

    /** Puts the address of backend 1 behind a link of 8 kbit/s that is bridged to its device, where frames stay for long. */
    private static void slowDown(NetworkRig rig) throws Exception {
        Namespace backend = rig.network().backend(1);
        String tap = device(rig, 1);
        RealPrograms.in(backend, "ip", "address", "flush", "dev", tap);
        SlowLink.bridge(backend, tap);
        for (String command : List.of(
                "ip address add " + Plan.host4(1, 2) + "/24 dev far",
                "ip route add default via " + Plan.host4(1, 1),
                "ping -c1 -W5 " + Plan.host4(1, 1))) { // and the engine learns of it
            RealPrograms.in(backend, command.split(" "));
        }
    }

    private Exposition scrape() throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + metricsPort + "/metrics");
        return Exposition.parse(
                http.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString())
                        .body());
    }

    private long dropped(String port, String reason) throws Exception {
        return (long) scrape().value("towpath_port_dropped_frames_total", "port=" + port + ", reason=" + reason);
    }

    private static long counter(NetworkRig rig, String reason) throws Exception {
        return Counters.read(rig.instance()).lines().stream()
                .filter(line -> line.reason().equals(reason))
                .mapToLong(Counters.Line::packets)
                .sum();
    }

    private static void flood(NetworkRig rig) throws Exception {
        try (DatagramSocket socket = rig.network().client().call(() -> new DatagramSocket())) {
            for (int i = 0; i < DATAGRAMS; i++) {
                socket.send(new DatagramPacket(new byte[1_000], 1_000, SLOW));
            }
        }
    }

    private static boolean answers(NetworkRig rig, int backend) throws Exception {
        try (DatagramSocket socket = rig.network().client().call(() -> new DatagramSocket())) {
            socket.setSoTimeout(1_000);
            socket.send(new DatagramPacket(new byte[8], 8, Plan.at(Plan.host4(backend, 2), Plan.ECHO_BACKEND_PORT)));
            socket.receive(new DatagramPacket(new byte[8], 8));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "netty", "rw"})
    void shouldCountTheDropsOfAFullPortAndGoOnWithTheOthers(String io) throws Exception {
        try (NetworkRig rig = NetworkRig.open()) {
            EngineProcess engine = start(rig, io);
            rig.startBackends();
            slowDown(rig);
            RealPrograms.await("an answer", LIMIT, () -> answers(rig, 2)); // and the client knows its gateway
            assertEquals(0, dropped("backend1", "egress-full"));
            TapSendBuffer.limit(engine.process(), device(rig, 1), 1);

            flood(rig);
            RealPrograms.await("drops", LIMIT, () -> dropped("backend1", "egress-full") > DATAGRAMS / 2);

            for (int backend = 2; backend <= Plan.BACKENDS; backend++) {
                int other = backend;
                RealPrograms.await("an answer of backend " + other + " meanwhile", LIMIT, () -> answers(rig, other));
            }
            for (String port : List.of("client", "backend2", "backend3")) {
                assertEquals(0, dropped(port, "egress-full"), port);
            }
            assertEquals(0, dropped("backend1", "egress-failed"));
            long before = dropped("backend1", "egress-full");
            long counted = counter(rig, "egress-full");
            assertTrue(before <= counted && counted <= dropped("backend1", "egress-full"), before + ", " + counted);
            assertEquals(0, engine.stop(), engine::logTail);
        }
    }
}
