package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Programs;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cluster lab as a user starts it. */
@EndToEnd
final class LabEndToEndTest {
    private static final Duration LIMIT = Duration.ofSeconds(150);

    @TempDir
    private Path folder;

    @BeforeAll
    static void findLauncher() {
        Launcher.find();
    }

    @Test
    void shouldReachEveryBackendOnEveryPathAndLeaveNothingBehind() throws Exception {
        Path output = folder.resolve("output");
        Process lab = EngineProcess.processBuilder(EngineProcess.command("lab", "test"))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertTrue(lab.waitFor(LIMIT), "still running");
        } finally {
            lab.destroy();
        }

        String said = Files.readString(output);
        assertEquals(0, lab.exitValue(), said);
        assertTrue(said.contains("in fragments"), said);
        assertEquals(Set.of(), RealPrograms.leftoversOf(String.valueOf(lab.pid())));
    }

    @Test
    void shouldRunTheSamePathsWithTheKernelsRules() throws Exception {
        Programs.Result result = Programs.towpath(LIMIT, "lab", "test", "--proxy", "nftables");

        assertEquals(0, result.exitCode(), result.errors() + result.output());
    }

    @Test
    void shouldFailNoRequestWhileBackendsComeAndGo() throws Exception {
        Programs.Result result = Programs.towpath(LIMIT, "lab", "load", "--requests", "20000");

        System.out.println(result.output());
        assertEquals(0, result.exitCode(), result.errors() + result.output());
        assertTrue(result.output().contains("20000 requests in "), result.output());
        assertTrue(result.output().contains(" 0 failed; "), result.output());
        assertFalse(result.output().contains(" 0 connections went on"), "draining was not tried:\n" + result.output());
    }

    @Test
    void shouldStayUpUntilItIsTakenDown() throws Exception {
        Process up = EngineProcess.processBuilder(EngineProcess.command("lab", "up"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader progress = up.errorReader()) {
            for (String line = progress.readLine(); !line.contains("stays up"); line = progress.readLine()) {
                assertTrue(up.isAlive(), line);
            }

            Programs.Result down = Programs.towpath(LIMIT, "lab", "down");

            assertEquals(0, down.exitCode(), down.errors());
            assertTrue(up.waitFor(20, TimeUnit.SECONDS), "still up");
        } finally {
            up.destroyForcibly();
        }
        assertEquals(Set.of(), RealPrograms.leftoversOf(String.valueOf(up.pid())));
    }
}
