package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped command with real devices, namespaces and programs. Needs root. */
@Tag("e2e")
final class DemoTest {
    @TempDir
    Path folder;

    @BeforeEach
    void needsRoot() {
        Commands.assumeRoot();
    }

    @Test
    void shouldCarryAHundredThousandRequestsWithoutAFailure() throws Exception {
        Commands.Result demo =
                Commands.towpath(240, "demo", "--requests", "100000", "--seconds", "2", "--output", "json");

        assertEquals(0, demo.exitCode(), demo.output());
        assertTrue(demo.output().contains("\"passed\" : true"), demo.output());
        assertNothingIsLeft(demo.pid());
    }

    @Test
    void shouldLeaveNothingBehindWhenInterrupted() throws Exception {
        Process demo = Commands.start(folder.resolve("demo.log"), "demo", "--requests", "2000000");
        Commands.await(() -> Files.readString(folder.resolve("demo.log")).contains("sending"), 60);
        Commands.signal(demo, "INT");

        assertTrue(demo.waitFor(30, TimeUnit.SECONDS), "the demo ends");
        assertNothingIsLeft(demo.pid());
    }

    private static void assertNothingIsLeft(long pid) throws Exception {
        String namespaces = Commands.run(10, "ip", "netns", "list").output();
        assertFalse(namespaces.contains("towpath-" + pid), namespaces);
        assertFalse(Files.exists(Path.of("/run/towpath/demo-" + pid)), "the engine's maps are left");
    }

    @Test
    void shouldRefuseABadConfigurationWithFileLineAndField() throws Exception {
        Path config =
                Files.writeString(folder.resolve("bad.yaml"), "instance: x\nworkers: many\nports:\n  - name: a\n");
        Commands.Result run = Commands.towpath(30, "run", "--config", config.toString());

        assertEquals(2, run.exitCode());
        assertTrue(
                run.output().contains("bad.yaml:2: configuration.workers: a number 1..64 was expected"), run.output());
        assertTrue(run.output().contains("ports[0].tap"), run.output());
        assertEquals(2, Commands.towpath(30, "run", "--no-such-flag").exitCode());
    }

    @Test
    void shouldSayWhatToDoWithoutTheNamespace() throws Exception {
        Path config = Files.writeString(
                folder.resolve("config.yaml"),
                "instance: e2e-nowhere\nports:\n  - {name: a, tap: tpx0, netns: no-such-netns, addresses: [10.9.9.1/24]}\n");
        Commands.Result run = Commands.towpath(30, "run", "--config", config.toString());

        assertEquals(1, run.exitCode());
        assertTrue(run.output().contains("ip netns add no-such-netns"), run.output());
        assertFalse(Files.exists(Path.of("/run/towpath/e2e-nowhere")), "the instance directory is gone");
    }
}
