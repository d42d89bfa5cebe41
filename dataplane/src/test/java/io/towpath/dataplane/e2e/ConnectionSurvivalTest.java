package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an established connection, and what a new one, sees of changes to the manifests. */
@EndToEnd
final class ConnectionSurvivalTest {
    private static final InetSocketAddress WEB = Plan.at(Plan.WEB_V4, Plan.WEB_PORT);
    private static final int UNRELATED_SERVICES = 10_000;
    /** Until a changed file must have reached the packets, on a busy machine. */
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(3);

    /** Longer than the test waits; it ends the stream. */
    private static final String STREAM_SECONDS = "150";

    private static final Pattern INTERVAL_WITH_DATA =
            Pattern.compile("^\\[ *\\d+] +[\\d.]+-[\\d.]+ +sec +(?!0\\.00 )[\\d.]+ ", Pattern.MULTILINE);

    private NetworkRig rig;
    private Namespace client;
    private KeptAliveClient connection;
    private String backend;

    @BeforeEach
    void open() throws Exception {
        rig = NetworkRig.openRunning();
        client = rig.network().client();
        connection = KeptAliveClient.connect(client, WEB);
        backend = connection.ask();
    }

    @AfterEach
    void close() throws IOException {
        if (connection != null) {
            connection.close();
        }
        if (rig != null) {
            rig.close();
        }
    }

    @Test
    void shouldKeepAConnectionWhenManifestsAreLoadedAgain() throws Exception {
        Path web = rig.manifests().resolve("web.yaml");
        Files.writeString(web, Files.readString(web).replace("name: web\n", "name: web\n  labels: {edited: 'yes'}\n"));

        assertConnectionHoldsFor(CHANGE_LIMIT);
    }

    @Test
    void shouldSendNewConnectionsOnlyToTheOthersWhenABackendIsRemovedAndKeepTheOld() throws Exception {
        String removed = backend.equals("backend1") ? "backend2" : "backend1";
        long removedAtNs = System.nanoTime();
        removeFromWeb(removed);

        long lastSeenNs = removedAtNs;
        int connections = 0;
        while (System.nanoTime() - removedAtNs < 2 * CHANGE_LIMIT.toNanos()) {
            long startNs = System.nanoTime();
            if (KeptAliveClient.ask(client, WEB).equals(removed)) {
                lastSeenNs = startNs;
            }
            connections++;
            assertEquals(backend, connection.ask());
        }

        long delayMs = TimeUnit.NANOSECONDS.toMillis(lastSeenNs - removedAtNs);
        System.out.printf("%,d new connections; the last to the removed backend after %d ms%n", connections, delayMs);
        assertTrue(connections > 50, connections + " connections");
        assertTrue(delayMs < CHANGE_LIMIT.toMillis(), "still used after " + delayMs + " ms");
    }

    @Test
    void shouldKeepAStreamWhoseServiceAndBackendAreGone() throws Exception {
        String address = Plan.IPERF_V4;
        Process server = background(rig.network().backend(1), "server.log", "iperf3", "-s", "-1");
        Process stream = null;
        try {
            RealPrograms.await("iperf3 server", CHANGE_LIMIT.multipliedBy(10), () -> rig.network()
                    .backend(1)
                    .isListening(Plan.IPERF_PORT));
            stream = background(client, "client.log", "iperf3", "-c", address, "-t", STREAM_SECONDS, "--forceflush");
            RealPrograms.await("a stream", CHANGE_LIMIT.multipliedBy(10), () -> secondsWithData() > 0);
            Files.delete(rig.manifests().resolve("iperf3.yaml"));
            RealPrograms.await("the service is gone", CHANGE_LIMIT.multipliedBy(10), () -> !RealPrograms.towpathOutput(
                            "service", "list", "--instance", rig.instance())
                    .contains("default/iperf3"));
            long before = secondsWithData();
            assertTrue(
                    RealPrograms.towpathOutput("conntrack", "list", "--instance", rig.instance(), "--output", "json")
                            .contains(address + ":" + Plan.IPERF_PORT),
                    "the stream's connection is listed");

            // The second that is under way has data from before.
            RealPrograms.await(
                    "the stream goes on", CHANGE_LIMIT.multipliedBy(10), () -> secondsWithData() > before + 1);
            assertTrue(stream.isAlive(), () -> log("client.log"));
        } finally {
            server.destroyForcibly().waitFor();
            if (stream != null) {
                stream.destroyForcibly().waitFor();
            }
        }
    }

    /** Returns in how many seconds the stream sent something, as the client prints it. */
    private long secondsWithData() {
        return INTERVAL_WITH_DATA.matcher(log("client.log")).results().count();
    }

    private Process background(Namespace namespace, String log, String... program) throws IOException {
        return new ProcessBuilder(namespace.command(program))
                .redirectErrorStream(true)
                .redirectOutput(rig.folder().resolve(log).toFile())
                .start();
    }

    private String log(String name) {
        try {
            return Files.readString(rig.folder().resolve(name));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void shouldUseABackendAgainThatComesBack() throws Exception {
        String original = Files.readString(rig.manifests().resolve("web.yaml"));
        removeFromWeb("backend3");
        RealPrograms.await("no more new connections to backend3", CHANGE_LIMIT, () -> !isUsed("backend3"));
        rig.putManifest("web.yaml", original);

        RealPrograms.await("new connections to backend3", CHANGE_LIMIT, () -> isUsed("backend3"));
    }

    @Test
    void shouldKeepAConnectionWhenManyUnrelatedServicesAreAdded() throws Exception {
        InetSocketAddress last = Plan.at(unrelatedAddress(UNRELATED_SERVICES - 1), Plan.WEB_PORT);
        long addedAtNs = System.nanoTime();
        rig.putManifest("unrelated.yaml", unrelatedServices());
        long longestNs = 0;
        boolean isThere = false;
        while (!isThere) {
            long startNs = System.nanoTime();
            assertEquals(backend, connection.ask());
            longestNs = Math.max(longestNs, System.nanoTime() - startNs);
            isThere = answers(last);
            assertTrue(System.nanoTime() - addedAtNs < TimeUnit.SECONDS.toNanos(90), "services are not there yet");
        }

        System.out.printf(
                "%,d services added in %.1f s; longest answer meanwhile %.1f ms%n",
                UNRELATED_SERVICES, (System.nanoTime() - addedAtNs) / 1e9, longestNs / 1e6);
        assertEquals(backend, connection.ask());
        assertNotEquals("", KeptAliveClient.ask(client, WEB));
    }

    @Test
    void shouldKeepTheLastGoodStateWhenAManifestIsBroken() throws Exception {
        rig.putManifest("web.yaml", "apiVersion: v1\nkind: Service\nspec: [this is not a service\n");

        assertConnectionHoldsFor(CHANGE_LIMIT);
        assertNotEquals("", KeptAliveClient.ask(client, WEB));
    }

    private void assertConnectionHoldsFor(Duration time) throws Exception {
        long endNs = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < endNs) {
            assertEquals(backend, connection.ask());
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private boolean isUsed(String name) throws Exception {
        for (int i = 0; i < 60; i++) { // a third of them each: (2/3)^60 = 3e-11
            if (KeptAliveClient.ask(client, WEB).equals(name)) {
                return true;
            }
        }

        return false;
    }

    private boolean answers(InetSocketAddress address) throws Exception {
        try {
            return KeptAliveClient.ask(client, address).startsWith("backend");
        } catch (IOException e) {
            return false; // refused: not there yet
        }
    }

    private void removeFromWeb(String name) throws IOException {
        int number = name.charAt(name.length() - 1) - '0';
        String yaml = Files.readString(rig.manifests().resolve("web.yaml"));
        for (String address : new String[] {Plan.host4(number, 2), '"' + Plan.host6(number, 2) + '"'}) {
            String endpoint = "  - addresses: [" + address + "]\n"
                    + "    conditions: {ready: true, serving: true, terminating: false}\n";
            assertTrue(yaml.contains(endpoint), endpoint);
            yaml = yaml.replace(endpoint, "");
        }
        rig.putManifest("web.yaml", yaml);
    }

    private static String unrelatedAddress(int number) {
        return "10.96." + (100 + number / 250) + "." + (1 + number % 250);
    }

    private static String unrelatedServices() {
        StringBuilder yaml = new StringBuilder();
        for (int i = 0; i < UNRELATED_SERVICES; i++) {
            yaml.append("""
                    ---
                    apiVersion: v1
                    kind: Service
                    metadata: {name: unrelated-%1$d, namespace: default}
                    spec:
                      clusterIP: %2$s
                      clusterIPs: [%2$s]
                      ipFamilies: [IPv4]
                      ports: [{name: http, protocol: TCP, port: 80, targetPort: 8080}]
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata:
                      name: unrelated-%1$d-a
                      namespace: default
                      labels: {kubernetes.io/service-name: unrelated-%1$d}
                    addressType: IPv4
                    ports: [{name: http, protocol: TCP, port: 8080}]
                    endpoints: [{addresses: [10.77.1.2], conditions: {ready: true}}]
                    """.formatted(i, unrelatedAddress(i)));
        }

        return yaml.toString();
    }
}
