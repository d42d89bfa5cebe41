package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.demo.Programs;
import java.io.BufferedReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo as a user starts it. */
@EndToEnd
final class DemoEndToEndTest {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    @BeforeAll
    static void findLauncher() throws Exception {
        NetworkRig.open().close(); // also: a machine on which this fails is none for these tests
    }

    @Test
    void shouldPassAndLeaveNothingBehind() throws Exception {
        Programs.Result result =
                Programs.towpath(LIMIT, "demo", "--requests", "2000", "--seconds", "1", "--output", "json");

        assertEquals(0, result.exitCode(), result.errors() + result.output());
        Map<String, Object> report = Json.parse(result.output());
        assertEquals(true, report.get("passed"));
        String id = report.get("instance").toString().replace(DemoConfig.instance(""), "");
        assertEquals(Set.of(), RealPrograms.leftoversOf(id));
    }

    @Test
    void shouldPrintTables() throws Exception {
        Programs.Result result = Programs.towpath(LIMIT, "demo", "--requests", "200", "--seconds", "1");

        assertEquals(0, result.exitCode(), result.errors() + result.output());
        for (String text :
                List.of("ClusterIP 10.96.0.10:80", "NodePort 192.0.2.10:30080", "backend3", "Gbit/s", "p99")) {
            assertTrue(result.output().contains(text), text + " in\n" + result.output());
        }
        assertTrue(result.output().indexOf('\u001b') < 0, "no colours where there is no terminal");
    }

    @ParameterizedTest
    @ValueSource(strings = {"making namespaces", "starting the engine", "sending", "exchanging"})
    void shouldLeaveNothingBehindWhenInterrupted(String moment) throws Exception {
        Process demo = EngineProcess.processBuilder(EngineProcess.command("demo", "--seconds", "1"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader progress = demo.errorReader()) {
            awaitLine(progress, moment);
            RealPrograms.run("kill", "-INT", String.valueOf(demo.pid()));

            assertTrue(demo.waitFor(20, TimeUnit.SECONDS), "still running");
            assertEquals(128 + 2, demo.exitValue());
        } finally {
            demo.destroyForcibly();
        }

        assertEquals(Set.of(), RealPrograms.leftoversOf(String.valueOf(demo.pid())));
        assertEquals(List.of(), processesOf(demo.pid()));
    }

    @Test
    void shouldSayInOneLineThatItNeedsRoot() throws Exception {
        List<String> command = EngineProcess.command("demo");
        Programs.Result result = Programs.run(
                LIMIT,
                Stream.concat(Stream.of("setpriv", "--bounding-set=-all", "--inh-caps=-all"), command.stream())
                        .toList());

        RealPrograms.assertOneLine(
                result, 1, "towpath demo needs root (network namespaces and TAP devices): run sudo ./towpath demo");
    }

    private static void awaitLine(BufferedReader progress, String text) throws Exception {
        for (String line = progress.readLine(); line != null; line = progress.readLine()) {
            if (line.contains(text)) {
                return;
            }
        }
        throw new AssertionError("the demo ended before it said '" + text + "'");
    }

    /** Processes that know of that demo's files. */
    private static List<String> processesOf(long pid) {
        String folder = DemoConfig.folder(String.valueOf(pid)).toString();

        return ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(folder + "/"))
                .toList();
    }
}
