package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Programs;
import java.io.BufferedReader;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The cluster lab as a user starts it. */
@EndToEnd
final class LabEndToEndTest {
    private static final Duration LIMIT = Duration.ofSeconds(150);

    @BeforeAll
    static void findLauncher() {
        Launcher.find();
    }

    @Test
    void shouldReachEveryBackendOnEveryPathAndLeaveNothingBehind() throws Exception {
        Set<String> before = RealPrograms.leftovers();

        Programs.Result result = Programs.towpath(LIMIT, "lab", "test");

        assertEquals(0, result.exitCode(), result.errors() + result.output());
        assertTrue(result.output().contains("in fragments"), result.output());
        assertEquals(Set.of(), leftSince(before));
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
        Set<String> before = RealPrograms.leftovers();
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
        assertEquals(Set.of(), leftSince(before));
    }

    private static Set<String> leftSince(Set<String> before) throws Exception {
        Set<String> left = RealPrograms.leftovers();
        left.removeAll(before);
        left.remove("/run/towpath");
        return left;
    }
}
