package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.demo.Programs;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Starting, stopping and refusing to start. */
@EndToEnd
final class EngineLifecycleTest {
    private static final String USE_LIMIT = "10";
    /** Far above the goal of 1 s, which is printed: the machine may be busy with other things. */
    private static final double START_LIMIT_S = 10;

    private NetworkRig rig;

    @BeforeEach
    void open() throws Exception {
        rig = NetworkRig.open();
    }

    @AfterEach
    void close() {
        if (rig != null) {
            rig.close();
        }
    }

    @Test
    void shouldEndCleanlyOnSigtermAndLeaveNoDevice() throws Exception {
        Set<String> before = RealPrograms.leftoversOf(rig.network().id());
        EngineProcess engine = rig.startEngine();
        engine.awaitReady(NetworkRig.READY_LIMIT);
        assertTrue(hasDevice(rig.network().client()));

        assertEquals(0, engine.stop(), engine::logTail);

        // The kernel takes an io_uring down, and with it what it holds, a moment after its process.
        for (Namespace namespace : rig.network().namespaces()) {
            RealPrograms.await("no device in " + namespace.name(), Duration.ofSeconds(3), () -> !hasDevice(namespace));
        }
        assertEquals(before, RealPrograms.leftoversOf(rig.network().id()));
    }

    @Test
    void shouldStartAgainOnTheSameNetworkAfterItEnded() throws Exception {
        rig.startBackends();
        for (int i = 0; i < 2; i++) {
            EngineProcess engine = rig.startEngine();
            engine.awaitReady(NetworkRig.READY_LIMIT);
            curl();
            assertEquals(0, engine.stop(), engine::logTail);
        }
    }

    @Test
    void shouldStartAgainAfterItWasKilled() throws Exception {
        rig.startBackends();
        EngineProcess killed = rig.startEngine();
        killed.awaitReady(NetworkRig.READY_LIMIT);
        killed.process().destroyForcibly().waitFor();

        rig.startEngine().awaitReady(NetworkRig.READY_LIMIT);

        curl();
    }

    @Test
    void shouldForwardSoonAfterItsStart() throws Exception {
        rig.startBackends();
        Programs.Result unused = RealPrograms.towpath("--version"); // has the files of the program in memory
        assertEquals(0, unused.exitCode(), unused.errors());
        try (DatagramSocket socket = rig.network().client().call(() -> new DatagramSocket())) {
            EngineProcess engine = rig.startEngine();
            RealPrograms.await("first answer", NetworkRig.READY_LIMIT, () -> answers(socket));
            double firstS = (System.nanoTime() - engine.startedAtNs()) / 1e9;
            double readyS = engine.awaitReady(NetworkRig.READY_LIMIT) / 1e9;

            System.out.printf("start to first answer through a Service: %.3f s (ready after %.3f s)%n", firstS, readyS);
            assertTrue(firstS < START_LIMIT_S, firstS + " s");
        }
    }

    @Test
    void shouldRefuseBadFlagsWithOneLine() throws Exception {
        RealPrograms.assertOneLine(RealPrograms.towpath("run", "--config", "c.yaml", "--no-such"), 2, "--no-such");
        RealPrograms.assertOneLine(RealPrograms.towpath("no-such-command"), 2, "no-such-command");
        RealPrograms.assertOneLine(RealPrograms.towpath("run"), 2, "--config");
    }

    @Test
    void shouldRefuseABadConfigurationWithOneLine() throws Exception {
        Path missing = rig.folder().resolve("missing.yaml");
        RealPrograms.assertOneLine(run(missing), 2, "missing.yaml");

        String good = Files.readString(DemoConfig.write(rig.network()));
        RealPrograms.assertOneLine(run("not-yaml.yaml", good + "ports: [broken"), 2, "not-yaml.yaml");
        RealPrograms.assertOneLine(
                run("address.yaml", good.replace("10.77.0.1/24", "10.77.0.999/24")), 2, "10.77.0.999");
        RealPrograms.assertOneLine(run("unknown.yaml", good.replace("workers:", "wrokers:")), 2, "wrokers");
        RealPrograms.assertOneLine(run("workers.yaml", good.replace("workers: 1", "workers: -1")), 2, "workers");
        RealPrograms.assertOneLine(run("mac.yaml", good.replace("02:00:00:00:77:01", "02:00:00")), 2, "02:00:00");
    }

    @Test
    void shouldRefuseAFolderOfManifestsThatIsNotThere() throws Exception {
        Path config = DemoConfig.write(rig.network());

        RealPrograms.assertOneLine(
                RealPrograms.towpath("run", "--config", config.toString(), "--manifests", "/no/such/folder"),
                2,
                "/no/such/folder");
    }

    @Test
    void shouldSayWhatToDoWhenTheNamespaceDoesNotExist() throws Exception {
        String good = Files.readString(DemoConfig.write(rig.network()));
        String name = rig.network().client().name();

        RealPrograms.assertOneLine(
                run("namespace.yaml", good.replace(name, name + "-gone")), 1, "ip netns add " + name + "-gone");
        assertTrue(Files.notExists(Path.of("/run/towpath", rig.instance())), "a failed start leaves no maps");
    }

    @Test
    void shouldSayWhatToDoWhenTheDeviceNameIsTaken() throws Exception {
        String name = "tp" + rig.network().id() + "n0";
        String peer = "tp" + rig.network().id() + "p";
        Path config = DemoConfig.write(rig.network());
        RealPrograms.run("ip", "link", "add", name, "type", "veth", "peer", "name", peer);
        try {
            RealPrograms.assertOneLine(run(config), 1, name);
        } finally {
            RealPrograms.run("ip", "link", "delete", name);
        }
    }

    @Test
    void shouldRefuseASecondEngineOnTheSameNetworkAndLeaveTheFirstAlone() throws Exception {
        rig.startBackends();
        rig.startEngine().awaitReady(NetworkRig.READY_LIMIT);

        Programs.Result second = run(DemoConfig.write(rig.network()));

        assertEquals(1, second.exitCode(), second.errors());
        assertEquals(1, second.errors().strip().lines().count(), second.errors());
        curl();
    }

    @Test
    void shouldNameFileLineAndFieldOfEveryProblem() throws Exception {
        Programs.Result result = run(
                "bad.yaml",
                "instance: x\nworkers: many\nports:\n  - name: a\nroutes:\n  - {to: 10.0.0.0/8, port: b}\n");

        assertEquals(2, result.exitCode());
        for (String problem : List.of(
                "bad.yaml:2: configuration.workers: a number 1..64 was expected, found \"many\"",
                "bad.yaml:4: configuration.ports[0].tap: a text was expected, found nothing",
                "bad.yaml:6: configuration.routes[0].port: the name of a port was expected, found \"b\"")) {
            assertTrue(result.errors().contains(problem), problem + " in " + result.errors());
        }
    }

    private Programs.Result run(String name, String config) throws Exception {
        return run(Files.writeString(rig.folder().resolve(name), config));
    }

    private Programs.Result run(Path config) throws Exception {
        return RealPrograms.towpath(
                "run",
                "--config",
                config.toString(),
                "--manifests",
                rig.manifests().toString());
    }

    private void curl() throws Exception {
        RealPrograms.in(rig.network().client(), "curl", "-sS", "-m", USE_LIMIT, "http://" + Plan.WEB_V4 + "/");
    }

    private static boolean answers(DatagramSocket socket) {
        byte[] buffer = new byte[64];
        try {
            socket.setSoTimeout(5);
            socket.send(new DatagramPacket(buffer, 1, Plan.at(Plan.ECHO_V4, Plan.ECHO_PORT)));
            socket.receive(new DatagramPacket(buffer, buffer.length));

            return true;
        } catch (IOException e) {
            return false; // no route yet, or no answer yet
        }
    }

    private static boolean hasDevice(Namespace namespace) throws Exception {
        return Programs.run(Duration.ofSeconds(10), namespace.command("ip", "link", "show", "eth0"))
                .isOk();
    }
}
