package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Counters;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.demo.Programs;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Other processes read counters, Services and connections while the engine runs. */
@EndToEnd
final class OutsideReadersTest {
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

    @Test
    void shouldCountForwardedPackets() throws Exception {
        long before = Counters.read(rig.instance()).packets("forward");
        for (int i = 0; i < 50; i++) {
            KeptAliveClient.ask(rig.network().client(), Plan.at(Plan.WEB_V4, Plan.WEB_PORT));
        }
        long forwarded = Counters.read(rig.instance()).packets("forward") - before;

        // At least SYN, SYN-ACK, ACK, request, answer and a FIN each way.
        assertTrue(forwarded >= 50 * 7, forwarded + " packets");
        assertFalse(RealPrograms.towpathOutput("counters", "--instance", rig.instance())
                .isBlank());
    }

    @Test
    void shouldListServices() throws Exception {
        String json = RealPrograms.towpathOutput("service", "list", "--instance", rig.instance(), "--output", "json");
        String table = RealPrograms.towpathOutput("service", "list", "--instance", rig.instance());

        assertFalse(Json.parse(json).isEmpty());
        for (String text : new String[] {"default/web:http", "10.96.0.10", "fd96::10", "192.0.2.10:30080"}) {
            assertTrue(json.contains(text), text + " in " + json);
        }
        assertTrue(table.contains("10.96.0.10"), table);
    }

    @Test
    void shouldListConnections() throws Exception {
        try (KeptAliveClient connection =
                KeptAliveClient.connect(rig.network().client(), Plan.at(Plan.WEB_V6, Plan.WEB_PORT))) {
            connection.ask();
            String json =
                    RealPrograms.towpathOutput("conntrack", "list", "--instance", rig.instance(), "--output", "json");
            String table = RealPrograms.towpathOutput("conntrack", "list", "--instance", rig.instance());

            assertFalse(Json.parse(json).isEmpty());
            assertTrue(json.contains("fd96::10"), json);
            assertTrue(table.contains("fd96::10"), table);
        }
    }

    @Test
    void shouldSayInOneLineThatThereIsNoSuchInstance() throws Exception {
        Programs.Result result = RealPrograms.towpath("counters", "--instance", "no-such-instance");

        assertEquals(1, result.exitCode(), result.errors());
        assertEquals(1, result.errors().strip().lines().count(), result.errors());
        assertTrue(result.errors().contains("no-such-instance"), result.errors());
    }
}
