package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.HttpReport;
import io.towpath.dataplane.demo.Plan;
import io.towpath.linux.Errno;
import io.towpath.linux.LesserKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An engine that may not make an io_uring: under a seccomp filter, as container runtimes have one by default. */
@EndToEnd
final class WithoutIoUringTest {
    private static final int REQUESTS = 200;

    private static List<String> command(NetworkRig rig, String io, int errno) throws IOException {
        Path config = DemoConfig.write(rig.network());
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("workers: 1", "workers: 2")
                        .replace("    rename:", "    io: " + io + "\n    rename:"));
        return LesserKernel.withoutIoUring(
                errno,
                EngineProcess.command(
                        "run",
                        "--config",
                        config.toString(),
                        "--manifests",
                        rig.manifests().toString()));
    }

    @ParameterizedTest
    @CsvSource({"auto, 1", "auto, 38", "uring, 1", "netty, 1"})
    void shouldReadAndWriteSaySoOnceAndForward(String io, int errno) throws Exception {
        try (NetworkRig rig = NetworkRig.open();
                EngineProcess engine = EngineProcess.start(
                        command(rig, io, errno), rig.folder().resolve("engine.log"))) {
            rig.startBackends();
            engine.awaitReady(NetworkRig.READY_LIMIT);

            HttpReport report = rig.load(Plan.webTargets(), REQUESTS, 4);

            assertEquals(0, report.all().failures(), report.causes().toString());
            assertEquals(0, engine.stop(), engine::logTail);
            List<String> lines = Files.readAllLines(rig.folder().resolve("engine.log")).stream()
                    .filter(line -> line.startsWith("ports: "))
                    .toList();
            assertEquals(
                    List.of("ports: read and write, as there is no io_uring for them: making an io_uring: "
                            + Errno.message(errno)),
                    lines);
        }
    }
}
