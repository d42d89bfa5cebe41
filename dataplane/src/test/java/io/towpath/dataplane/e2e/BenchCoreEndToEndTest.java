package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.demo.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code towpath bench core} as a user starts it, as short as it can be. */
@EndToEnd
final class BenchCoreEndToEndTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void shouldMeasureOneRowWithAndWithoutPinnedMaps(@TempDir Path folder) throws Exception {
        Launcher.find();
        Path launcher = Path.of(System.getProperty("towpath.launcher"));
        assumeTrue(
                Files.exists(launcher.resolveSibling("bench/target/towpath-bench.jar")),
                "bench is not built: ./towpath bench core --help builds it");
        Path json = folder.resolve("core.json");

        Programs.Result result = Programs.towpath(
                LIMIT,
                "bench",
                "core",
                "--quick",
                "--rounds",
                "1",
                "--paths",
                "hit",
                "--flows",
                "1024",
                "--pinned",
                "--json",
                json.toString());

        assertEquals(0, result.exitCode(), result.errors() + result.output());
        assertTrue(result.output().lines().anyMatch(line -> line.matches(" +hit +1,024 .*")), result.output());
        List<Map<String, Object>> rows = Json.objects(Json.parse(Files.readString(json)), "rows");
        assertEquals(1, rows.size());
        assertTrue(Json.number(rows.getFirst(), "towpath_ns") > 0);
        assertTrue(Json.number(rows.getFirst(), "towpath_pinned_ns") > 0);
        try (var left = Files.list(Path.of("/dev/shm"))) {
            assertEquals(
                    List.of(),
                    left.map(file -> file.getFileName().toString())
                            .filter(name -> name.startsWith("towpath-bench-"))
                            .toList());
        }
    }
}
