package io.towpath.dataplane.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.ServicePort;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class TrafficMetricsTest {
    private static final String LABELS = "ip_family=IPv4, namespace=ns, port=http, protocol=TCP, service=web-";

    private final Traffic traffic = new Traffic();
    private final TrafficMetrics metrics = new TrafficMetrics(traffic.maps);

    @AfterEach
    void close() {
        traffic.close();
    }

    private Exposition scrape() {
        return Pages.scrape(metrics);
    }

    @Test
    void shouldNameServicesAndBackendsOfTraffic() {
        traffic.add(Traffic.service(1, 2), Traffic.service(2, 1));
        traffic.count(1, 2, 7, 700);

        Exposition found = scrape();
        assertEquals(
                Map.of("towpath_service_packets_total{" + LABELS + "1}", 7.0),
                found.samples("towpath_service_packets_total"));
        assertEquals(700, found.value("towpath_service_bytes_total", LABELS + "1"));
        assertEquals(
                Map.of("towpath_backend_packets_total{backend=10.128.1.1:8080, " + LABELS + "1}", 7.0),
                found.samples("towpath_backend_packets_total"));
        assertEquals(700, found.value("towpath_backend_bytes_total", "backend=10.128.1.1:8080, " + LABELS + "1"));
    }

    @Test
    void shouldHaveNoSeriesOfWhatIsGone() {
        ServicePort gone = Traffic.service(1, 1);
        traffic.add(gone);
        traffic.count(1, 1, 1, 1);
        assertEquals(1, scrape().samples("towpath_backend_packets_total").size());

        traffic.remove(gone);

        assertEquals(Map.of(), scrape().samples("towpath_service_packets_total"));
        assertEquals(Map.of(), scrape().samples("towpath_backend_packets_total"));
    }

    @Test
    void shouldKeepTheSeriesOfWhoCameFirstWhereThereAreTooMany() {
        int services = 30;
        int each = 200;
        ServicePort[] ports = new ServicePort[services];
        for (int i = 0; i < services; i++) {
            ports[i] = Traffic.service(i, each);
        }
        traffic.add(ports);
        for (int backend = 1001; backend <= services * each; backend++) {
            traffic.count(1, backend, 1, 1);
        }
        Set<String> first = scrape().samples("towpath_backend_packets_total").keySet();
        assertEquals(TrafficMetrics.LIMIT, first.size());
        assertEquals(0, scrape().value("towpath_series_left_out", "of=backend"));

        for (int backend = 1; backend <= 1000; backend++) { // lower numbers come later
            traffic.count(1, backend, 1, 1);
        }
        boolean areKept =
                scrape().samples("towpath_backend_packets_total").keySet().equals(first);
        assertTrue(areKept);
        assertEquals(1000, scrape().value("towpath_series_left_out", "of=backend"));

        traffic.remove(ports[services - 1]);
        scrape(); // sees who is gone
        Set<String> later = scrape().samples("towpath_backend_packets_total").keySet();
        assertEquals(TrafficMetrics.LIMIT, later.size());
        assertTrue(later.stream().filter(first::contains).count() == TrafficMetrics.LIMIT - each);
    }
}
