package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.demo.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ports of 576 to 9,000 bytes beside each other. */
@EndToEnd
final class MtuTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    /** By port: the client's and those of backend1 to backend3. */
    private static final List<Integer> MTUS = List.of(9_000, 1_280, 576, 9_000);

    private static void start(NetworkRig rig, String io) throws Exception {
        Path config = DemoConfig.write(rig.network());
        String text = Files.readString(config)
                .replace("    rename:", "    io: " + io + "\n    rename:")
                .replace(", \"fd77:2::1/64\"", "")
                .replace(", \"fd77:2::2/64\"", ""); // no IPv6 below 1,280
        for (int mtu : MTUS) {
            text = text.replaceFirst("mtu: 1500", "mtu: " + mtu);
        }
        rig.startEngineWith(Files.writeString(config, text)).awaitReady(NetworkRig.READY_LIMIT);
    }

    private static Programs.Result ping(Namespace from, String to, int packetBytes, String fragments) throws Exception {
        int headers = to.indexOf(':') < 0 ? 28 : 48;
        return Programs.run(
                LIMIT,
                from.command("ping", "-c1", "-W2", "-M", fragments, "-s", String.valueOf(packetBytes - headers), to));
    }

    @ParameterizedTest
    @ValueSource(strings = {"uring", "rw"})
    void shouldTellSendersWhatFitsAndCutWhatMayBeCut(String io) throws Exception {
        try (NetworkRig rig = NetworkRig.open()) {
            start(rig, io);
            Namespace client = rig.network().client();
            assertEquals(0, ping(client, Plan.host4(3, 2), 9_000, "do").exitCode(), "as large as both take");
            assertEquals(0, ping(client, Plan.host6(3, 2), 9_000, "do").exitCode());
            assertEquals(0, ping(client, Plan.host4(2, 2), 576, "do").exitCode(), "as large as the smaller one takes");
            assertEquals(0, ping(client, Plan.host4(2, 2), 9_000, "dont").exitCode(), "in fragments, both ways");

            Programs.Result tooBig = ping(client, Plan.host4(2, 2), 577, "do");
            assertTrue(tooBig.output().contains("mtu = 576"), tooBig.output());
            Programs.Result tooBig6 = ping(client, Plan.host6(1, 2), 9_000, "do");
            assertTrue(tooBig6.output().contains("mtu=1280"), tooBig6.output());
            assertEquals(
                    0, ping(client, Plan.host6(1, 2), 9_000, "want").exitCode(), "its sender cuts it from then on");
        }
    }
}
