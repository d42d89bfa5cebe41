package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.demo.UdpExchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ordinary programs reach ordinary servers through every kind of address that a Service has. */
@EndToEnd
final class ReachTest {
    private static NetworkRig rig;

    @BeforeAll
    static void open() throws Exception {
        rig = NetworkRig.openRunning();
    }

    @AfterAll
    static void close() {
        if (rig != null) {
            rig.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.96.0.10:80", "[fd96::10]:80"})
    void shouldAnswerCurlThroughTheClusterIpWithTheClientsOwnAddress(String address) throws Exception {
        String body = curl(address);

        assertTrue(body.matches("hello from backend[123] to (10\\.77\\.0\\.\\d|fd77:0:0:0:0:0:0:\\d)\n"), body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.10:30080", "[2001:db8:77::10]:30080"})
    void shouldAnswerCurlThroughTheNodePortMasqueraded(String address) throws Exception {
        String body = curl(address);

        assertTrue(body.matches("hello from backend([123]) to (10\\.77\\.\\1\\.1|fd77:\\1:0:0:0:0:0:1)\n"), body);
    }

    @ParameterizedTest
    @ValueSource(strings = {Plan.IPERF_V4, Plan.IPERF_V6})
    void shouldCarryIperf3OverTcp(String address) throws Exception {
        Map<String, Object> report = iperf3(address);

        double bitsPerSecond = Json.number(report, "end", "sum_received", "bits_per_second");
        System.out.printf("iperf3 TCP through %s: %.2f Gbit/s%n", address, bitsPerSecond / 1e9);
        assertTrue(bitsPerSecond > 10e6, report.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {Plan.IPERF_V4, Plan.IPERF_V6})
    void shouldCarryIperf3OverUdp(String address) throws Exception {
        Map<String, Object> report = iperf3(address, "-u", "-b", "20M");

        double packets = Json.number(report, "end", "sum", "packets");
        double lostPercent = Json.number(report, "end", "sum", "lost_percent");
        System.out.printf("iperf3 UDP through %s: %.0f datagrams, %.2f %% lost%n", address, packets, lostPercent);
        assertTrue(packets > 100, report.toString());
        assertTrue(lostPercent < 10, report.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {Plan.ECHO_V4, Plan.ECHO_V6})
    void shouldExchangeDatagramsWithEveryBackend(String address) throws Exception {
        UdpExchange.Result result = UdpExchange.run(rig.network().client(), Plan.at(address, Plan.ECHO_PORT), 2_000);

        assertEquals(3, result.byBackend().size(), result.byBackend()::toString);
        assertTrue(result.answered() >= 1_980, result.answered() + " of 2000 answered");
    }

    @Test
    void shouldRefuseAPortThatTheServiceDoesNotHaveQuickly() throws Exception {
        var result = io.towpath.dataplane.demo.Programs.run(
                Duration.ofSeconds(20),
                rig.network().client().command("curl", "-sS", "-g", "-m", "15", "http://10.96.0.10:81/"));

        // kube-proxy in nftables mode rejects unknown ports of a ClusterIP; a drop would end in a time-out (28).
        assertEquals(7, result.exitCode(), result.errors());
    }

    private static String curl(String address) throws Exception {
        return RealPrograms.in(rig.network().client(), "curl", "-sS", "-g", "-m", "10", "http://" + address + "/");
    }

    private static Map<String, Object> iperf3(String address, String... more) throws Exception {
        Process server = new ProcessBuilder(rig.network().backend(1).command("iperf3", "-s", "-1"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            RealPrograms.await("iperf3 server", Duration.ofSeconds(10), () -> rig.network()
                    .backend(1)
                    .isListening(Plan.IPERF_PORT));
            List<String> line = new ArrayList<>(List.of("iperf3", "-c", address, "-t", "2", "-J"));
            line.addAll(List.of(more));

            return Json.parse(RealPrograms.in(rig.network().client(), line.toArray(String[]::new)));
        } finally {
            server.destroyForcibly().waitFor();
        }
    }
}
