package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.DemoResult.Check;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ReportTest {
    private static final int REQUESTS = 40;

    @Test
    void shouldPassOnlyWhenEverythingWentThrough() {
        assertTrue(result(3, 0, true).isPassed());
        assertFalse(result(2, 0, true).isPassed(), "a backend did not answer");
        assertFalse(result(3, 1, true).isPassed(), "a request failed");
        assertFalse(result(3, 0, false).isPassed(), "a check failed");
    }

    @Test
    void shouldPrintTablesWithWhatFailed() {
        String text = print(result(3, 2, false), false);

        for (String part : List.of(
                "NodePort 192.0.2.10:30080",
                "backend3",
                "2 x closed before the answer",
                "FAILED",
                "dropped: 4",
                "NOT all")) {
            assertTrue(text.contains(part), part + " in\n" + text);
        }
        assertFalse(text.contains("\u001b"));
        assertTrue(print(result(3, 0, true), true).contains("\u001b[32mAll traffic went through.\u001b[0m"));
    }

    @Test
    void shouldPrintANetworkWhereNothingWorks() throws IOException {
        HttpReport http = new HttpReport(Plan.webTargets());
        http.onFailure(0, "connect: timed out");
        DemoResult result = new DemoResult("demo-1", "NIO", 1, 16, http, List.of(), new Counters(List.of()));

        assertTrue(print(result, false).contains("dropped: 0"));
        assertEquals(false, Json.parse(JsonReport.text(result)).get("passed"));
    }

    @Test
    void shouldWriteJsonThatSaysTheSame() throws IOException {
        var json = Json.parse(JsonReport.text(result(3, 0, true)));

        assertEquals(true, json.get("passed"));
        assertEquals(4, Json.objects(json, "counters").getFirst().get("packets"));
        assertEquals("1 Gbit/s", Json.objects(json, "checks").getFirst().get("result"));
    }

    private static DemoResult result(int backends, int failures, boolean isCheckOk) {
        HttpReport http = new HttpReport(Plan.webTargets());
        for (int i = 0; i < REQUESTS; i++) {
            http.onAnswer(i % 4, "backend" + (1 + i % backends), "10.77.0.2", 500_000 + i, i % 5 == 0);
        }
        for (int i = 0; i < failures; i++) {
            http.onFailure(0, "closed before the answer");
        }
        http.onEnd(1_000_000_000);
        List<Check> checks = List.of(new Check("bulk", "10.96.0.12:5001", isCheckOk, "1 Gbit/s", "backend1"));
        Counters counters = new Counters(List.of(new Counters.Line("drop", "malformed", 4, 200)));

        return new DemoResult("demo-1", "NIO", 500_000_000, 16, http, checks, counters);
    }

    private static String print(DemoResult result, boolean hasColours) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new TextReport(new PrintStream(bytes, true, StandardCharsets.UTF_8), hasColours).print(result);

        return bytes.toString(StandardCharsets.UTF_8);
    }
}
