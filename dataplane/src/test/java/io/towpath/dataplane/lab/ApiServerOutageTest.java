package io.towpath.dataplane.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.towpath.dataplane.apiserver.ScriptedApiServer;
import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Counters;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.Launcher;
import io.towpath.dataplane.e2e.RealPrograms;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both nodes follow an API server, which goes away for a while under load. */
@EndToEnd
final class ApiServerOutageTest {
    /** For so long, s. By hand: {@code ./towpath test -Dtest=ApiServerOutageTest -Dtowpath.outage=60}. */
    private static final int OUTAGE_S = Integer.getInteger("towpath.outage", 15);

    private static final Path STATES = Path.of("/var/lib/towpath");
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int PER_SECOND = 400;
    /** Steps of the backends before the outage, and after it. */
    private static final int STEPS = 4;
    /** Time to connect again, s. */
    private static final int RECONNECT_S = 6;

    private static final int LINES_MAX = 6;

    private final KubernetesSerialization serialization = new KubernetesSerialization();
    private Cleanup cleanup;
    private Lab lab;
    private LabNetwork network;
    private ScriptedApiServer server;

    @BeforeEach
    void open() throws Exception {
        Launcher.find();
        cleanup = new Cleanup();
        lab = Lab.create(Lab.Proxy.TOWPATH, cleanup);
        network = lab.network();
        Host client = network.client();
        server = client.namespace().call(() -> new ScriptedApiServer(InetAddress.getByName(client.ipv4())));
        cleanup.closeLater(server);
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    @Test
    void shouldLoseNothingWhileTheApiServerIsGone() throws Exception {
        LabScaling scaling = new LabScaling(network, lab.services(), this::publish);
        scaling.begin();
        follow();
        LabLoad load = new LabLoad(network, scaling, (OUTAGE_S + 2 * STEPS + RECONNECT_S) * PER_SECOND, PER_SECOND);
        load.start();
        step(scaling);
        TimeUnit.SECONDS.sleep(1); // the last change is in force
        List<String> before = drops();

        server.stop();
        TimeUnit.SECONDS.sleep(OUTAGE_S);
        List<String> after = drops();
        network.client().namespace().call(() -> {
            server.restart();
            return null;
        });
        long backNs = System.nanoTime();
        publish(lab.service("a2"), withAnotherName("a2", "later"));
        awaitAnswer("10.96.1.99"); // the nodes are connected again
        System.out.printf(
                "%d s without the API server; a change was in force %.1f s after it came back%n",
                OUTAGE_S, (System.nanoTime() - backNs) / 1e9);
        step(scaling);
        LoadReport report = load.finish();

        report.print(System.out);
        assertTrue(report.isGood(), "see above");
        assertEquals(0, report.all().repeats(), "datagrams sent again");
        assertEquals(before, after, "packets dropped meanwhile");
        for (LabNode node : network.nodes()) {
            List<String> lines = Files.readAllLines(log(node)).stream()
                    .filter(line -> line.startsWith("api server"))
                    .toList();
            assertTrue(lines.size() <= LINES_MAX, "a log storm: " + lines);
        }
    }

    private void follow() throws Exception {
        for (LabNode node : network.nodes()) {
            lab.engine(node).stop();
            Path kubeconfig = Files.writeString(
                    LabConfig.folder(network.id()).resolve("kubeconfig"), """
                    apiVersion: v1
                    kind: Config
                    current-context: a
                    contexts: [{name: a, context: {cluster: c, user: u}}]
                    clusters: [{name: c, cluster: {server: '%s'}}]
                    users: [{name: u, user: {}}]
                    """.formatted(server.url()));
            cleanup.acquire(
                    () -> null, () -> LabConfig.deleteTree(STATES.resolve(LabConfig.instance(network.id(), node))));
            EngineProcess engine = lab.startEngineWith(node, List.of("--kubeconfig", kubeconfig.toString()));
            engine.awaitReady(LIMIT);
            RealPrograms.await("objects on " + node.host().name(), LIMIT, () -> Files.readString(log(node))
                    .contains("in force: "));
        }
        awaitAnswer("10.96.1.2");
    }

    private Path log(LabNode node) {
        return LabConfig.folder(network.id()).resolve("engine-" + node.number() + ".log");
    }

    private static void step(LabScaling scaling) throws Exception {
        for (int i = 0; i < STEPS; i++) {
            scaling.step();
            TimeUnit.SECONDS.sleep(1);
        }
    }

    /** Puts a Service and its slices into the API server. */
    private void publish(LabService service, String manifest) {
        for (String document : manifest.split("\n?---\n")) {
            HasMetadata object = serialization.unmarshal(document);
            object.getMetadata().setResourceVersion("@V@");
            server.put(
                    object.getKind().toLowerCase(Locale.ROOT) + "s",
                    object.getMetadata().getName(),
                    serialization.asJson(object));
        }
    }

    private String withAnotherName(String service, String name) {
        LabService like = lab.service(service);
        return new LabService(name, 99, like.backends(), 0, false).manifest(network);
    }

    /** Returns what the engines dropped so far, by reason. */
    private List<String> drops() throws Exception {
        List<String> drops = new ArrayList<>();
        for (LabNode node : network.nodes()) {
            Counters.read(LabConfig.instance(network.id(), node)).lines().stream()
                    .filter(line -> line.verdict().equals("drop"))
                    .map(line -> node.host().name() + " " + line.reason() + " " + line.packets())
                    .forEach(drops::add);
        }
        return drops;
    }

    private void awaitAnswer(String clusterIp) throws Exception {
        for (LabNode node : network.nodes()) {
            Host pod = node.pods().getFirst();
            RealPrograms.await(
                    "an answer of " + clusterIp, LIMIT, () -> !Probe.ask(pod, false, clusterIp, LabService.PORT)
                            .startsWith("("));
        }
    }
}
