package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Plan;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices of a running engine go down or away: their port says so once, the others go on, and it comes back. */
@EndToEnd
final class DeviceFailureTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static EngineProcess start(NetworkRig rig, String io) throws Exception {
        Path config = DemoConfig.write(rig.network());
        Files.writeString(config, Files.readString(config).replace("    rename:", "    io: " + io + "\n    rename:"));
        EngineProcess engine = rig.startEngineWith(config);
        engine.awaitReady(NetworkRig.READY_LIMIT);
        String expected = io.equals("rw") ? "ports: read and write" : "ports: io_uring";
        assertEquals(1, said(rig, expected), engine::logTail);
        return engine;
    }

    private static long said(NetworkRig rig, String text) throws IOException {
        try (var lines = Files.lines(rig.folder().resolve("engine.log"))) {
            return lines.filter(line -> line.contains(text)).count();
        }
    }

    private static boolean answers(NetworkRig rig) throws Exception {
        try (DatagramSocket socket = rig.network().client().call(() -> new DatagramSocket())) {
            socket.setSoTimeout(50);
            socket.send(new DatagramPacket(new byte[8], 8, Plan.at(Plan.ECHO_V4, Plan.ECHO_PORT)));
            socket.receive(new DatagramPacket(new byte[8], 8));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void awaitAnswers(NetworkRig rig) throws Exception {
        for (int i = 0; i < 10; i++) { // every backend, very likely
            RealPrograms.await("an answer", LIMIT, () -> answers(rig));
        }
    }

    private static void backends(NetworkRig rig, String... program) throws Exception {
        for (int number = 1; number <= Plan.BACKENDS; number++) {
            RealPrograms.in(rig.network().backend(number), program);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "netty", "rw"})
    void shouldSayThatADeviceIsDownAndThatItIsBack(String io) throws Exception {
        try (NetworkRig rig = NetworkRig.open()) {
            EngineProcess engine = start(rig, io);
            rig.startBackends();
            awaitAnswers(rig);
            backends(rig, "ip", "link", "set", "eth0", "down");
            RealPrograms.await("down", LIMIT, () -> {
                boolean _ = answers(rig);
                return said(rig, "its device is down") == Plan.BACKENDS;
            });

            for (int number = 1; number <= Plan.BACKENDS; number++) {
                var backend = rig.network().backend(number);
                RealPrograms.in(backend, "ip", "link", "set", "eth0", "up");
                RealPrograms.in(backend, "ip", "route", "replace", "default", "via", Plan.host4(number, 1));
            }
            awaitAnswers(rig);
            RealPrograms.await("up", LIMIT, () -> answers(rig) && said(rig, "its device is back") == Plan.BACKENDS);
            assertEquals(Plan.BACKENDS, said(rig, "its device is down"), engine::logTail);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "netty", "rw"})
    void shouldMakeADeletedDeviceAnew(String io) throws Exception {
        try (NetworkRig rig = NetworkRig.open()) {
            EngineProcess engine = start(rig, io);
            rig.startBackends();
            awaitAnswers(rig);
            backends(rig, "ip", "link", "delete", "eth0");
            RealPrograms.await("back", LIMIT, () -> said(rig, "its device is back") == Plan.BACKENDS);

            awaitAnswers(rig);
            assertEquals(Plan.BACKENDS, said(rig, "its device is gone"), engine::logTail);
            assertEquals(0, engine.stop(), engine::logTail);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "netty", "rw"})
    void shouldWaitForANamespaceThatWasRemovedWhileTheOthersGoOn(String io) throws Exception {
        try (NetworkRig rig = NetworkRig.open()) {
            EngineProcess engine = start(rig, io);
            String name = rig.network().backend(3).name();
            RealPrograms.run("ip", "netns", "delete", name);
            RealPrograms.await("gone", LIMIT, () -> said(rig, "port backend3: its device is gone") == 1);
            RealPrograms.in(rig.network().client(), "ping", "-c1", "-W5", Plan.host4(0, 1));
            RealPrograms.in(rig.network().client(), "ping", "-c1", "-W5", Plan.host4(1, 2));
            RealPrograms.run("ip", "netns", "add", name);
            RealPrograms.await("back", LIMIT, () -> said(rig, "port backend3: its device is back") == 1);

            RealPrograms.in(rig.network().client(), "ping", "-c1", "-W5", Plan.host4(3, 2));
            assertTrue(engine.process().isAlive());
            assertEquals(1, said(rig, "its device is gone"), engine::logTail);
        }
    }
}
