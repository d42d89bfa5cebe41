package io.towpath.dataplane.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.Launcher;
import io.towpath.dataplane.packaging.Bundle;
import io.towpath.dataplane.packaging.Deployed;
import io.towpath.dataplane.packaging.Image;
import io.towpath.dataplane.packaging.Runc;
import io.towpath.dataplane.packaging.SeccompProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The image in the place of the lab's node A engine, with the rights that {@code deploy/} gives it. */
@EndToEnd
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ContainerNodeTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String FALLBACK = "no io_uring";
    /** linux/capability.h: CAP_NET_ADMIN is bit 12. */
    private static final String ONLY_NET_ADMIN = "CapEff:\t0000000000001000";

    @TempDir
    static Path folder;

    private static Path tar;
    private static Image image;
    private static Cleanup cleanup;
    private static Lab lab;
    private static LabNode node;

    @BeforeAll
    static void open() throws Exception {
        tar = folder.resolve("image.tar");
        Image.build(tar);
        image = Image.unpack(tar, folder.resolve("unpacked"));
        Launcher.find();
        cleanup = new Cleanup();
        lab = Lab.create(Lab.Proxy.TOWPATH, cleanup);
        node = lab.network().node(1);
        lab.engine(node).stop();
        writeConfig();
    }

    @AfterAll
    static void close() {
        if (cleanup != null) {
            cleanup.close();
        }
    }

    /** What the node's ConfigMaps say: as deployed, but for the lab's addresses and manifests. */
    private static void writeConfig() throws Exception {
        Path config = Files.createDirectories(folder.resolve("config"));
        Files.writeString(
                config.resolve("towpath.yaml"),
                Files.readString(LabConfig.config(lab.network().id(), node))
                        .replaceFirst("instance: .*", "")
                        .replaceFirst("proxyConfig: .*", "proxyConfig: kube-proxy.yaml"));
        Files.writeString(
                config.resolve("kube-proxy.yaml"),
                Files.readString(Deployed.FOLDER.resolve("kube-proxy.yaml")).replace("NodeCIDR", "ClusterCIDR"));
        Path manifests = Files.createDirectories(config.resolve("manifests"));
        try (Stream<Path> files = Files.list(LabConfig.manifests(lab.network().id()))) {
            for (Path file : files.toList()) {
                Files.copy(file, manifests.resolve(file.getFileName()));
            }
        }
    }

    private static Bundle engine() throws Exception {
        List<String> arguments = Deployed.engine().getArgs().stream()
                .flatMap(argument -> switch (argument) {
                    case "--in-cluster" -> Stream.of("--manifests", "/etc/towpath/manifests");
                    case "$(NODE_NAME)" -> Stream.of(LabService.nodeName(lab.network(), node.host()));
                    default -> Stream.of(argument);
                })
                .toList();
        return Bundle.engine(image)
                .withArguments(arguments)
                .with("config", folder.resolve("config"))
                .with("instances", Files.createDirectories(folder.resolve("instances")))
                .with("states", Files.createDirectories(folder.resolve("states")))
                .inNetworkNamespace(
                        Path.of("/run/netns", node.host().namespace().name()));
    }

    private static Runc container(String name) {
        return new Runc(folder.resolve("runc"), "towpath-" + lab.network().id() + "-" + name);
    }

    @Test
    void shouldBeTheSameBytesWhenMadeAgain() throws Exception {
        Path again = folder.resolve("again.tar");
        Image.build(again);

        assertEquals(-1, Files.mismatch(tar, again));
    }

    @Test
    void shouldPutItsSeccompProfileOntoTheNode() throws Exception {
        Path onNode = Files.createDirectories(folder.resolve("node-seccomp"));
        try (Runc runc = container("profile")) {
            Path bundle = Bundle.profileInstaller(image)
                    .with("seccomp", Deployed.FOLDER)
                    .with("node-seccomp", onNode)
                    .write(folder.resolve("profile"));

            Programs.Result result = runc.runToEnd(bundle);

            assertEquals(0, result.exitCode(), result.errors());
        }
        String name = Deployed.engine().getSecurityContext().getSeccompProfile().getLocalhostProfile();
        assertEquals(-1, Files.mismatch(Deployed.FOLDER.resolve("seccomp.json"), onNode.resolve(name)));
    }

    @Test
    void shouldCarryANodeWithTheRightsOfTheManifestOnly() throws Exception {
        String log = carry("strict", engine(), runc -> {
            String status = runc.exec("cat", "/proc/1/status").output();
            for (String line : List.of(ONLY_NET_ADMIN, "NoNewPrivs:\t1", "Seccomp:\t2")) {
                assertTrue(status.contains(line), status);
            }
            assertTrue(runc.exec("touch", "/x").errors().contains("Read-only file system"));
            Programs.Result services = runc.exec("towpath", "service", "list");
            assertTrue(services.output().contains("cluster-ip"), services.errors());
            assertTrue(runc.exec("jcmd", "1", "VM.version").output().contains("JDK 25"));
        });

        assertFalse(log.contains(FALLBACK), log);
    }

    @Test
    void shouldCarryANodeUnderAProfileWithoutIoUringAndSaySoOnce() throws Exception {
        String log = carry("blocked", engine().with(SeccompProfile.ours().withoutIoUring()), runc -> {});

        assertFallback(log);
    }

    @Test
    void shouldCarryANodeWhereTooLittleMemoryCanBeLockedForARing() throws Exception {
        String log = carry("locked", engine().withLockedMemory(64 << 10), runc -> {});

        assertFallback(log);
    }

    @Test
    void shouldSayWhatItLacksWithoutNetAdminAndTouchNothing() throws Exception {
        String before = LabNetwork.ip(node.host().namespace(), "-6 rule");
        try (Runc runc = container("none")) {
            Programs.Result result =
                    runc.runToEnd(engine().withoutCapabilities().write(folder.resolve("none")));

            assertEquals(1, result.exitCode(), result.errors());
            assertTrue(result.errors().contains("CAP_NET_ADMIN"), result.errors());
        }
        assertEquals(before, LabNetwork.ip(node.host().namespace(), "-6 rule"));
    }

    private interface Look {
        void at(Runc runc) throws Exception;
    }

    /** Runs an engine, sends traffic through it, and returns what it said. */
    private static String carry(String name, Bundle bundle, Look look) throws Exception {
        Path written = bundle.write(folder.resolve(name));
        Path log = folder.resolve(name + ".log");
        try (Runc runc = container(name);
                EngineProcess engine = EngineProcess.start(runc.run(written), log)) {
            engine.awaitReady(LIMIT);
            assertAnswers();
            look.at(runc);
            assertEquals(0, engine.stop(), engine.logTail());
        }
        return Files.readString(log);
    }

    private static void assertAnswers() throws Exception {
        Host pod = lab.network().pod(1, 1);
        for (boolean v6 : new boolean[] {false, true}) {
            for (boolean udp : new boolean[] {false, true}) {
                String answer = Probe.ask(pod, udp, lab.service("a2").clusterIp(v6), LabService.PORT);
                assertEquals("a2 " + pod.address(v6), answer);
            }
        }
        String url = "http://" + node.host().ipv4() + ":10256/healthz";
        String answer = LabNetwork.in(
                pod.namespace(), "curl", "-sS", "--retry", "5", "--retry-connrefused", "--max-time", "10", url);
        assertTrue(answer.contains("\"healthy\":true"), answer);
    }

    private static void assertFallback(String log) {
        assertEquals(1, log.lines().filter(line -> line.startsWith(FALLBACK)).count(), log);
    }
}
