package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.demo.Programs;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Established connections when the engine is killed, stopped and started again. */
@EndToEnd
final class RestartTest {
    private static final InetSocketAddress WEB = Plan.at(Plan.WEB_V4, Plan.WEB_PORT);
    private static final int CONNECTIONS = 1_000;
    private static final int KILLS = 10;
    private static final long CHURN_PAUSE_NS = 2_000_000;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);
    private static final Pattern TOOK_OVER =
            Pattern.compile("took over (\\d+) connections of instance \\S+ after a gap of ([0-9.]+) s");

    /** Connections of another number than the engine's own, so that it cannot take those over. */
    private static final String OTHER_TABLE = """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            conntrack: {min: 1024, maxPerCore: 512}
            """;

    /** By {@link #churn}. */
    private final AtomicLong begun = new AtomicLong();

    private NetworkRig rig;
    private Namespace client;
    private EngineProcess engine;

    @BeforeEach
    void open() throws Exception {
        rig = NetworkRig.open();
        client = rig.network().client();
        rig.startBackends();
    }

    @AfterEach
    void close() {
        if (rig != null) {
            rig.close();
        }
    }

    private void start(String more) throws Exception {
        engine = rig.startEngine(more);
        engine.awaitReady(NetworkRig.READY_LIMIT);
    }

    private void kill() throws InterruptedException {
        assertTrue(engine.process().destroyForcibly().waitFor() != 0);
    }

    private Matcher tookOver() {
        Matcher line = TOOK_OVER.matcher(engine.logTail());
        assertTrue(line.find(), engine.logTail());

        return line;
    }

    @Test
    void shouldLoseNoConnectionWhenItIsKilledAgainAndAgain() throws Exception {
        start("");
        Thread churn = client.threads("churn").newThread(this::churn);
        try (SteadyConnections connections = SteadyConnections.open(client, WEB, CONNECTIONS)) {
            awaitAnswers(connections, new int[CONNECTIONS]);
            churn.start();
            List<String> gaps = new ArrayList<>();
            for (int round = 0; round < KILLS; round++) {
                awaitNewConnections();
                kill();
                int[] before = connections.answers();
                start("");
                Matcher line = tookOver();
                assertTrue(Integer.parseInt(line.group(1)) >= CONNECTIONS, line.group());
                gaps.add(line.group(2));
                awaitAnswers(connections, before);
                assertEquals(0, connections.failures().size(), () -> first(connections.failures()));
            }
            System.out.printf(
                    "%,d connections, killed %d times, none lost; gaps in s: %s%n",
                    CONNECTIONS, KILLS, String.join(" ", gaps));
        }
        churn.interrupt();
        assertEquals(0, engine.stop(), engine::logTail);
        assertTrue(Files.notExists(Path.of("/run/towpath", rig.instance())), "a clean end leaves no maps");
        assertFalse(hasDevice(client), "a clean end leaves no device that the engine made");
    }

    /**
     * Connections that begin and end, so that the engine is killed while it makes and removes entries, too: some hundred a second, as more
     * would crowd the others out of the device's queue.
     */
    private void churn() {
        while (!Thread.currentThread().isInterrupted()) {
            try (SocketChannel channel = SocketChannel.open()) {
                channel.configureBlocking(false);
                channel.connect(WEB);
                begun.incrementAndGet();
            } catch (IOException _) {
                // while the device is down there is no route; the next kill waits for new connections
            }
            LockSupport.parkNanos(CHURN_PAUSE_NS);
        }
    }

    private void awaitNewConnections() throws Exception {
        long before = begun.get();
        RealPrograms.await("new connections", ANSWER_LIMIT, () -> begun.get() > before);
    }

    private static String first(Queue<String> failures) {
        return failures.size() + " lost: " + failures.peek();
    }

    private static void awaitAnswers(SteadyConnections connections, int[] before) throws Exception {
        RealPrograms.await(
                "an answer on every connection", ANSWER_LIMIT, () -> connections.haveAllAnsweredSince(before));
    }

    @Test
    void shouldGoOnAfterAStopWithOtherWorkersWhenItIsToPersist() throws Exception {
        start("persist: true\n");
        try (KeptAliveClient connection = KeptAliveClient.connect(client, WEB)) {
            String backend = connection.ask();
            long packets = webPackets();
            assertEquals(0, engine.stop(), engine::logTail);
            assertTrue(hasDevice(client), "the device stays");

            Path config = rig.folder().resolve("config.yaml");
            start("persist: true\n");
            assertEquals(backend, connection.ask());
            assertTrue(Integer.parseInt(tookOver().group(1)) >= 1);
            assertTrue(webPackets() > packets, "counters go on");
            assertEquals(0, engine.stop(), engine::logTail);

            Files.writeString(config, Files.readString(config).replace("workers: 1", "workers: 2"));
            engine = rig.startEngineWith(config);
            engine.awaitReady(NetworkRig.READY_LIMIT);
            assertEquals(backend, connection.ask());
            assertTrue(engine.logTail().contains("of the last run has other queues"), engine.logTail());
            assertTrue(webPackets() > packets, "counters go on");
        }
    }

    @Test
    void shouldLeaveWhatItFoundWhenItCannotStartAndRemoveWhatNoPortHasAnyMore() throws Exception {
        start("");
        try (KeptAliveClient connection = KeptAliveClient.connect(client, WEB)) {
            String backend = connection.ask();
            kill();
            Path config = rig.folder().resolve("config.yaml");
            String good = Files.readString(config);
            Path broken = Files.writeString(
                    rig.folder().resolve("broken.yaml"), good.replace(client.name(), client.name() + "-gone"));
            Path otherTable = Files.writeString(rig.folder().resolve("proxy.yaml"), OTHER_TABLE);
            Programs.Result failed =
                    RealPrograms.towpath("run", "--config", broken.toString(), "--proxy-config", otherTable.toString());
            assertEquals(1, failed.exitCode(), failed.errors());
            assertTrue(failed.errors().contains("ip netns add " + client.name()), failed.errors());
            assertTrue(
                    failed.errors().contains("conntrack-entries of the last run is not taken over"), failed.errors());
            assertTrue(hasDevice(client), "as it was");

            int unused = backend.equals("backend3") ? 2 : 3;
            Files.writeString(config, withoutPort(good, unused));
            engine = rig.startEngineWith(config);
            engine.awaitReady(NetworkRig.READY_LIMIT);
            assertEquals(backend, connection.ask());
            assertTrue(Integer.parseInt(tookOver().group(1)) >= 1);
            assertFalse(hasDevice(rig.network().backend(unused)), "no port has it");
        }
    }

    private static String withoutPort(String config, int backend) {
        int port = config.indexOf("  - name: backend" + backend);
        int next = config.indexOf("  - name: ", port + 1);

        return config.substring(0, port) + (next < 0 ? "" : config.substring(next));
    }

    @Test
    void shouldLeaveNothingBehindWithADemosNetworkWhenTheEngineIsKilled() throws Exception {
        start("");
        kill();
        rig.close();

        assertEquals(Set.of(), RealPrograms.leftoversOf(rig.network().id()));
    }

    @Test
    void shouldSayThatItStartsEmptyWithConnectionsOfAnotherLayout() throws Exception {
        assertStartsEmpty(16, 99, "layout 99");
    }

    @Test
    void shouldSayThatItStartsEmptyWithDamagedConnections() throws Exception {
        int firstEntry = 4096 + 4096; // behind the header and the page without entries
        assertStartsEmpty(firstEntry + 12, 3 << 16, "entry 64 is damaged (life 3)");
    }

    /** Kills the engine, and has a new one find another number in the file of connections. */
    private void assertStartsEmpty(long offset, int number, String why) throws Exception {
        start("");
        try (KeptAliveClient connection = KeptAliveClient.connect(client, WEB)) {
            assertTrue(connection.ask().startsWith("backend"));
        }
        kill();
        Path file = Path.of("/run/towpath", rig.instance(), "conntrack-entries.map");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, number);
            assertEquals(4, channel.write(bytes, offset));
        }

        start("");
        String log = engine.logTail();
        assertEquals(
                1, log.lines().filter(line -> line.contains("starts empty")).count(), log);
        assertTrue(log.contains("map conntrack-entries of the last run is not taken over and starts empty: "), log);
        assertTrue(log.contains(why), log);
        assertEquals("0", tookOver().group(1));
        assertTrue(KeptAliveClient.ask(client, WEB).startsWith("backend"));
    }

    private long webPackets() throws Exception {
        String list = RealPrograms.towpathOutput("service", "list", "--instance", rig.instance());
        Matcher row = Pattern.compile(Pattern.quote(Plan.WEB_V4) + ":80\\s.*").matcher(list);
        assertTrue(row.find(), list);
        String[] words = row.group().strip().split("\\s+");

        return Long.parseLong(words[words.length - 2].replace(",", ""));
    }

    private static boolean hasDevice(Namespace namespace) throws IOException, InterruptedException {
        return Programs.run(Duration.ofSeconds(10), namespace.command("ip", "link", "show", "eth0"))
                .isOk();
    }
}
