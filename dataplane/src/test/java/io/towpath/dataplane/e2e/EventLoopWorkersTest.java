package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.HttpReport;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.engine.Engine;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.netty.EventLoops;
import io.towpath.example.EmbeddedService;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A data plane on the event loops of a service that has other things to do on them. */
@EndToEnd
final class EventLoopWorkersTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final InetSocketAddress ECHO = Plan.at(Plan.ECHO_V4, Plan.ECHO_PORT);

    private final List<String> log = new CopyOnWriteArrayList<>();
    private NetworkRig rig;
    private Path config;
    private EmbeddedService service;

    @BeforeEach
    void open() throws Exception {
        rig = NetworkRig.open();
        rig.startBackends();
        config = DemoConfig.write(rig.network());
        Files.writeString(config, Files.readString(config).replace("workers: 1", "workers: 2"));
    }

    private void start() throws Exception {
        service = new EmbeddedService(config, rig.manifests(), log::add);
        RealPrograms.await("an answer through a Service", LIMIT, () -> answers(ECHO));
    }

    @AfterEach
    void close() {
        if (service != null) {
            service.close();
        }
        if (rig != null) {
            rig.close();
        }
    }

    @Test
    void shouldForwardTcpAndUdpOfBothFamiliesWhileTheServiceAnswersOnTheSameLoops() throws Exception {
        start();

        HttpReport report = rig.load(Plan.webTargets(), 400, 4);
        assertEquals(0, report.all().failures(), report.causes().toString());
        assertTrue(answers(Plan.at(Plan.ECHO_V6, Plan.ECHO_PORT)));
        assertTrue(page().startsWith("on "), page());
    }

    @Test
    void shouldForwardAgainWhenADeviceThatWasDownIsUp() throws Exception {
        start();
        Namespace client = rig.network().client();
        RealPrograms.in(client, "ip", "link", "set", "eth0", "down");
        RealPrograms.in(client, "ip", "link", "set", "eth0", "up");
        RealPrograms.in(client, "ip", "route", "replace", "default", "via", Plan.host4(0, 1));

        RealPrograms.await("an answer", LIMIT, () -> answers(ECHO));
    }

    @Test
    void shouldGoOnWithTheOtherPortsWhenADeviceIsDeletedAndHaveItAgain() throws Exception {
        start();
        RealPrograms.in(rig.network().backend(1), "ip", "link", "delete", "eth0");

        RealPrograms.await(
                "a line about it", LIMIT, () -> !linesAbout("backend1").isEmpty());
        for (int backend = 2; backend <= Plan.BACKENDS; backend++) {
            assertTrue(answers(Plan.at(Plan.host4(backend, 2), Plan.ECHO_BACKEND_PORT)), "backend " + backend);
        }
        RealPrograms.await("the device again", LIMIT, () -> answers(Plan.at(Plan.host4(1, 2), Plan.ECHO_BACKEND_PORT)));
        assertEquals(1, linesAbout("backend1").size(), log::toString);
    }

    @Test
    void shouldRefuseEventLoopsWithoutIoUringAndLeaveNothing() throws Exception {
        try (var loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory())) {
            EngineConfig engineConfig = EngineConfig.read(config);

            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Engine(engineConfig, ProxyConfig.defaults(), null, loops, log::add));
        }
        assertTrue(Files.notExists(Engine.INSTANCES.resolve(rig.instance())), "a failed start leaves no maps");
    }

    @Test
    void shouldMakeNothingToWakeWorkersByThatEventLoopsHave() throws Exception {
        EngineConfig engineConfig = EngineConfig.read(config);
        try (IoEventLoopGroup loops = EventLoops.open(2, new DefaultThreadFactory("loops", true))) {
            Set<Path> before = eventDescriptors();
            try (Engine engine = new Engine(engineConfig, ProxyConfig.defaults(), null, loops, log::add)) {
                Set<Path> made = eventDescriptors();
                made.removeAll(before); // what others of this process had may go at any time
                assertEquals(Set.of(), made);
                engine.start();
            }
        }
    }

    /** Returns those that this process has ({@code eventfd(2)}). */
    private static Set<Path> eventDescriptors() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(EventLoopWorkersTest::isEventDescriptor).collect(Collectors.toSet());
        }
    }

    private static boolean isEventDescriptor(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[eventfd]");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }

    private List<String> linesAbout(String port) {
        return log.stream()
                .filter(line -> line.contains("port " + port + ": its device is gone"))
                .toList();
    }

    private boolean answers(InetSocketAddress address) throws Exception {
        try (DatagramSocket socket = rig.network().client().call(() -> new DatagramSocket())) {
            byte[] buffer = new byte[64];
            socket.setSoTimeout(200);
            socket.send(new DatagramPacket(buffer, 1, address));
            socket.receive(new DatagramPacket(buffer, buffer.length));
            return true;
        } catch (IOException e) {
            return false; // not yet
        }
    }

    private String page() throws IOException {
        URL url = URI.create("http://localhost:" + service.address().getPort() + "/")
                .toURL();
        try (InputStream page = url.openStream()) {
            return new String(page.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
