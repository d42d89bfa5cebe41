package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.engine.Engine;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** A short run of the whole thing: needs root, a built {@code ./towpath} and a C compiler. */
@Tag("e2e")
@EnabledIf(
        value = "io.towpath.dataplane.demo.Network#isAllowed",
        disabledReason = "needs root: network namespaces and TAP devices")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class NetBenchEndToEndTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

    private static final Path CONGESTION = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");

    @TempDir
    Path folder;

    @BeforeEach
    void findLauncher() {
        System.setProperty("towpath.launcher", ROOT.resolve("towpath").toString());
        System.setProperty("towpath.bench", ROOT.resolve("bench").toString());
    }

    @Test
    void shouldMeasureTheKernelAndAnEngineAndRemoveAllItMade() throws Exception {
        Path json = folder.resolve("net.json");

        String congestion = Files.readString(CONGESTION);

        int exitCode = NetBench.commandLine()
                .execute(
                        "--quick",
                        "--rounds=1",
                        "--ways=rw,nftables",
                        "--loads=RTT,FIRST,CONN,UDP64",
                        "--congestion=reno",
                        "--json=" + json);

        assertEquals(0, exitCode);
        assertEquals(congestion, Files.readString(CONGESTION), "the host's is the host's");
        List<Map<String, Object>> rows = Json.objects(Json.parse(Files.readString(json)), "rows");
        assertEquals(
                new TreeSet<>(List.of(
                        "udp64",
                        "udp64_loss",
                        "udp64_cpu",
                        "rtt_p50",
                        "rtt_p99",
                        "rtt_p999",
                        "one_way_p50",
                        "first_p50",
                        "conn",
                        "conn_p50",
                        "conn_p99")),
                new TreeSet<>(
                        rows.stream().map(row -> row.get("case").toString()).toList()));
        for (Map<String, Object> row : rows) {
            assertEquals("rw", row.get("engine"));
            assertTrue(row.get("case").equals("udp64_loss") || Json.number(row, "ratio") > 0, row.toString());
        }
        assertEquals(List.of(), leftovers(ProcessHandle.current().pid()));
    }

    @Test
    void shouldRemoveAllItMadeWhenItIsToldToStop() throws Exception {
        List<String> command = List.of(
                ROOT.resolve("towpath").toString(),
                "bench",
                "net",
                "--rounds=100",
                "--ways=rw,nftables",
                "--loads=RTT");
        Process process =
                EngineProcess.processBuilder(command).redirectErrorStream(true).start();
        List<String> said = new ArrayList<>();
        try (BufferedReader output = process.inputReader()) {
            String line = "";
            while (line != null && !line.contains("round 1 of 100")) {
                line = output.readLine();
                said.add(line);
            }
            assertFalse(leftovers(process.pid()).isEmpty(), said.toString());
            process.destroy();

            assertTrue(process.waitFor(15, TimeUnit.SECONDS));
            assertEquals(List.of(), leftovers(process.pid()));
        } finally {
            process.destroyForcibly();
        }
    }

    /** Returns what of a run with that process id is there. */
    private static List<String> leftovers(long pid) throws Exception {
        List<String> found = new ArrayList<>();
        for (Path place :
                List.of(Path.of("/run/netns"), Engine.INSTANCES, Path.of(System.getProperty("java.io.tmpdir")))) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> files = Files.list(place)) {
                    files.map(file -> file.getFileName().toString())
                            .filter(name ->
                                    name.startsWith("towpath-" + pid + "-net") || name.startsWith("net-" + pid + "-"))
                            .forEach(found::add);
                }
            }
        }
        return found;
    }
}
