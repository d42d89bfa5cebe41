package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.HttpReport;
import io.towpath.dataplane.demo.Plan;
import java.net.InetAddress;
import java.util.Collection;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Many requests through the Service: none fails, and the backends get even shares. */
@EndToEnd
final class ManyRequestsTest {
    private static final int REQUESTS = 100_000;
    private static final int LANES = 16;
    private static final double SMALLEST_P = 1e-6;

    @Test
    void shouldAnswerEveryRequestAndShareConnectionsEvenly() throws Exception {
        try (NetworkRig rig = NetworkRig.openRunning()) {
            HttpReport report = rig.load(Plan.webTargets(), REQUESTS, LANES);

            System.out.printf(
                    "%,d HTTP requests on %,d connections: %,.0f a second, p50 %.2f ms, p99 %.2f ms%n",
                    report.all().requests(),
                    report.all().connections(),
                    report.rate(report.all()),
                    report.all().latencyNs().getValueAtPercentile(50) / 1e6,
                    report.all().latencyNs().getValueAtPercentile(99) / 1e6);
            assertEquals(0, report.all().failures(), report.causes()::toString);
            assertEquals(REQUESTS, report.all().requests());
            assertSharesAreEven(report.backends().values());
            assertClientsWereSeen(report);
        }
    }

    private static void assertSharesAreEven(Collection<HttpReport.Line> backends) {
        assertEquals(Plan.BACKENDS, backends.size());
        double expected = backends.stream()
                .mapToLong(HttpReport.Line::connections)
                .average()
                .orElseThrow();
        double chiSquare = backends.stream()
                .mapToDouble(line -> Math.pow(line.connections() - expected, 2) / expected)
                .sum();
        double p = Math.exp(-chiSquare / 2); // the distribution's tail for 2 degrees of freedom

        System.out.printf("connections a backend: chi-square %.2f, p %.2g%n", chiSquare, p);
        assertTrue(p > SMALLEST_P, "p = " + p);
    }

    private static void assertClientsWereSeen(HttpReport report) {
        Stream.concat(Plan.clientAddresses(false).stream(), Plan.clientAddresses(true).stream())
                .map(InetAddress::getHostAddress)
                .forEach(
                        address -> assertTrue(report.clients().containsKey(address), address + " " + report.clients()));
    }
}
