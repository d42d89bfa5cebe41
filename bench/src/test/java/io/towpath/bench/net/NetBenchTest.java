package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class NetBenchTest {
    @Test
    void shouldRefuseACongestionControlThatTheKernelDoesNotHaveBeforeItMakesAnything() throws Exception {
        StringWriter errors = new StringWriter();
        CommandLine bench = NetBench.commandLine().setErr(new PrintWriter(errors));

        assertEquals(2, bench.execute("--congestion=nosuch"));
        String known = Files.readString(Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control"))
                .strip()
                .replace(" ", ", ");
        assertEquals(
                "--congestion nosuch: the kernel has " + known + ", and no module tcp_nosuch can be loaded",
                errors.toString().lines().findFirst().orElse(""));
    }
}
