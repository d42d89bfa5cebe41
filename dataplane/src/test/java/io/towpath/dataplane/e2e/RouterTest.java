package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code towpath run} between two namespaces with curl and iperf3. Needs root. */
@Tag("e2e")
final class RouterTest {
    private static final long PID = ProcessHandle.current().pid();
    private static final String CLIENT = "towpath-e2e-" + PID + "-client";
    private static final String BACKEND = "towpath-e2e-" + PID + "-backend";
    private static final String INSTANCE = "e2e-" + PID;

    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: stream}
            spec: {clusterIP: 10.96.0.20, ports: [{port: 5201}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: stream-1, labels: {kubernetes.io/service-name: stream}}
            addressType: IPv4
            ports: [{name: "", port: 5201}]
            endpoints: [{addresses: [%s]}]
            """;

    @TempDir
    Path folder;

    private Process engine;
    private Process server;

    @BeforeEach
    void setUp() throws Exception {
        Commands.assumeRoot();
        ip("netns add " + CLIENT);
        ip("netns add " + BACKEND);
        Path manifests = Files.createDirectory(folder.resolve("manifests"));
        Files.writeString(manifests.resolve("stream.yaml"), SERVICE.formatted("10.88.1.2"));
        String ports = """
                instance: %s
                ports:
                  - {name: client, tap: te%dc, netns: %s, rename: eth0, addresses: [10.88.0.1/24],
                     guest: {addresses: [10.88.0.2/24]}}
                  - {name: backend, tap: te%db, netns: %s, rename: eth0, addresses: [10.88.1.1/24],
                     guest: {addresses: [10.88.1.2/24]}}
                """.formatted(INSTANCE, PID, CLIENT, PID, BACKEND);
        Path config = Files.writeString(folder.resolve("config.yaml"), ports);
        Path log = folder.resolve("engine.log");
        engine = Commands.start(log, "run", "--config", config.toString(), "--manifests", manifests.toString());
        Commands.await(() -> Files.readString(log).contains("ready") || !engine.isAlive(), 30);
        assertTrue(engine.isAlive(), () -> read(log));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }

    private static void ip(String arguments) throws Exception {
        Commands.Result result = Commands.run(10, ("ip " + arguments).split(" "));
        assertEquals(0, result.exitCode(), result.output());
    }

    @AfterEach
    void tearDown() throws Exception {
        if (server != null) {
            server.destroy();
            server.waitFor(10, TimeUnit.SECONDS);
        }
        if (engine != null) {
            engine.destroy();
            engine.waitFor(20, TimeUnit.SECONDS);
        }
        Commands.run(10, "ip", "netns", "del", CLIENT);
        Commands.run(10, "ip", "netns", "del", BACKEND);
    }

    @Test
    void shouldCarryAStreamThroughAReloadAndEndCleanly() throws Exception {
        server = new ProcessBuilder("ip", "netns", "exec", BACKEND, "iperf3", "-s")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("server.log").toFile())
                .start();
        Commands.await(
                () -> Commands.run(10, "ip", "netns", "exec", BACKEND, "ss", "-ltn")
                        .output()
                        .contains(":5201"),
                20);
        Path clientLog = folder.resolve("client.log");
        Process client = new ProcessBuilder(
                        "ip", "netns", "exec", CLIENT, "iperf3", "-c", "10.96.0.20", "-t", "4", "-i", "1")
                .redirectErrorStream(true)
                .redirectOutput(clientLog.toFile())
                .start();
        Commands.await(() -> read(folder.resolve("server.log")).contains("Accepted"), 20);
        // The stream's backend leaves the Service while the stream runs, and many services come.
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            many.append(
                    "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {clusterIP: 10.97.%d.%d, ports: [{port: 80}]}\n"
                            .formatted(i, i / 250, i % 250 + 1));
        }
        Files.writeString(folder.resolve("manifests/many.yaml"), many);
        Files.writeString(folder.resolve("manifests/stream.yaml"), SERVICE.formatted("10.88.1.99"));
        assertTrue(client.waitFor(30, TimeUnit.SECONDS), "iperf3 ends");
        assertEquals(0, client.exitValue(), read(clientLog));
        Commands.await(() -> read(folder.resolve("engine.log")).contains("2001 service ports"), 10);

        Commands.Result services = Commands.towpath(20, "service", "list", "--instance", INSTANCE);
        assertTrue(services.output().contains("default/stream"), services.output());
        Commands.Result connections =
                Commands.towpath(20, "conntrack", "list", "--instance", INSTANCE, "--output", "json");
        assertTrue(connections.output().contains("\"replySource\":\"10.88.1.2:5201\""), connections.output());
        Commands.Result counters = Commands.towpath(20, "counters", "--instance", INSTANCE);
        assertTrue(counters.output().contains("service-reply"), counters.output());

        engine.destroy();
        assertTrue(engine.waitFor(20, TimeUnit.SECONDS), "SIGTERM ends the engine");
        assertEquals(0, engine.exitValue());
        assertTrue(Files.notExists(Path.of("/run/towpath", INSTANCE)), "the maps are gone");
    }
}
